"""Accuracy under attack against eps, and a grid of the inputs that it took."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from apical.adversarial.survey import CLEAN, ITERATED, ONE_STEP, WORST, Battery, Survey
from apical.adversarial.threat_model import Epsilon
from apical.data import Dataset
from apical.report.axes import band
from apical.report.saving import save
from apical.report.style import PALETTE, REFERENCE, look

STYLES: dict[str, tuple[str, dict[str, Any]]] = {
    "noise": ("noise (control)", {"color": "#888888", "marker": "x", "linestyle": ":"}),
    "transfer": ("transferred from the twin", {"color": PALETTE[3], "marker": "D"}),
    ONE_STEP: ("one step: {}", {"color": PALETTE[0], "marker": "s"}),
    ITERATED: ("iterated: {}", {"color": PALETTE[1], "marker": "o"}),
    "adaptive": ("adaptive: margin, softened slopes", {"color": PALETTE[2], "marker": "^"}),
    WORST: ("all of them together", {"color": REFERENCE, "marker": ".", "linestyle": "--"}),
}
"""Label and look of each attack, in the order of drawing: what leaves most accuracy lies below."""
WIDEST, NARROWEST = 3.6, 1.0
SHOWN = 8
"""Number of examples in the grid."""


def draw_curves(
    surveys: Mapping[int, Survey], epsilons: tuple[Epsilon, ...], battery: Battery, folder: Path
) -> list[Path]:
    """Draw accuracy against eps and save it as `accuracy` in a folder; the files.

    A line for each attack is the mean over seeds, with its 95 % t interval. Lines grow narrower
    from the lowest to the uppermost, so that all are seen where they coincide.

    **Raises:** `WriteError` if a file cannot be written.
    """
    ordered = sorted(epsilons, key=lambda eps: eps.size)
    x = np.array([0.0, *(eps.size for eps in ordered)])
    shown = [a for a in STYLES if all((a, ordered[0].text) in s.right for s in surveys.values())]
    chance = fmean(survey.chance for survey in surveys.values())
    with look():
        figure, axis = plt.subplots(figsize=(6.4, 3.6))
        axis.axhline(chance, color="#444444", linewidth=0.8, label="chance")
        for attack, width in zip(shown, np.linspace(WIDEST, NARROWEST, len(shown)), strict=True):
            cells = [(CLEAN, "0"), *((attack, eps.text) for eps in ordered)]
            values = np.array([[s.right[c].mean() for c in cells] for s in surveys.values()])
            label, style = STYLES[attack]
            style = {**style, "linewidth": width, "markersize": width + 3, "clip_on": False}
            band(axis, x, values, label=label.format(battery.called(attack)), **style)
        axis.set_ylim(0, 1)
        axis.yaxis.set_major_formatter(PercentFormatter(1))
        axis.set_xticks(x, ["0", *(eps.text for eps in ordered)], rotation=40, ha="right")
        axis.set_xlabel("eps, part of each feature's range")
        axis.set_ylabel("accuracy")
        seeds = f"mean, 95 % interval over {len(surveys)} seeds" if len(surveys) > 1 else None
        figure.legend(loc="outside right upper", fontsize=7.5, title=seeds, title_fontsize=7.5)
        return save(figure, folder, "accuracy")


def draw_examples(
    data: Dataset,
    surveys: Mapping[int, Survey],
    attack: str,
    epsilons: tuple[Epsilon, ...],
    battery: Battery,
    folder: Path,
) -> list[Path]:
    """Draw images before and after an attack and save them as `examples` in a folder; the files.

    Each row is an eps. Above each column stands the true class, above each image the class that the
    first seed's network names, in colour where that is wrong. Images that the attack turned come
    first. There is no file for data that are not images.

    **Raises:** `WriteError` if a file cannot be written.
    """
    if len(data.shape) < 2:
        return []
    seed, survey = min(surveys), surveys[min(surveys)]
    ordered = sorted(epsilons, key=lambda eps: eps.size)
    shown = {"before, eps 0": survey.attacked[CLEAN, "0"]}
    shown |= {f"eps {eps.text}": survey.attacked[attack, eps.text] for eps in ordered}
    chosen = _turned_first(survey, attack, ordered[-1])
    with look():
        figure, axes = plt.subplots(
            len(shown), len(chosen), figsize=(1.1 * len(chosen), 1.25 * len(shown) + 0.5),
            squeeze=False,
        )  # fmt: skip
        for row, (name, tried) in zip(axes, shown.items(), strict=True):
            row[0].set_ylabel(name)
            for i, axis in zip(chosen, row, strict=True):
                axis.imshow(tried.u[i], cmap="gray", vmin=0, vmax=1)
                axis.set(xticks=[], yticks=[])
                axis.grid(visible=False)
                colour = REFERENCE if tried.right[i] else PALETTE[1]
                seen = f"seen {data.classes[tried.labels[i]]}"
                axis.set_title(seen, fontsize=7.5, color=colour, pad=2)
        for i, axis in zip(chosen, axes[0], strict=True):
            true = f"true {data.classes[survey.labels[i]]}"
            axis.annotate(
                true, (0.5, 1.2), xycoords="axes fraction", ha="center", va="bottom", fontsize=7.5,
                fontweight="bold",
            )  # fmt: skip
        figure.suptitle(
            f"{battery.called(attack)} on the network of seed {seed}: the true class, and what "
            "the network takes each image for (orange: wrong)",
            fontsize=8,
        )
        return save(figure, folder, "examples")


def _turned_first(survey: Survey, attack: str, eps: Epsilon) -> np.ndarray:
    """Indices of examples: those that the attack turned, those that it could not, and last those
    that were misclassified before it."""
    before, after = survey.right[CLEAN, "0"], survey.right[attack, eps.text]
    return np.lexsort((after, ~before))[:SHOWN]
