"""Accuracy under attack against eps, and a grid of the inputs that it took."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from apical.adversarial.epsilon import Epsilon
from apical.adversarial.survey import CLEAN, ITERATED, ONE_STEP, WORST, Survey
from apical.data import Dataset
from apical.report.bands import interval
from apical.report.style import PALETTE, REFERENCE, look, save

STYLES: dict[str, dict[str, Any]] = {
    "noise": {"color": "#888888", "linestyle": ":", "label": "noise (control)"},
    ONE_STEP: {"color": PALETTE[0], "label": "one step"},
    ITERATED: {"color": PALETTE[1], "label": "iterated"},
    "adaptive": {"color": PALETTE[2], "label": "adaptive (margin, softened slopes)"},
    "transfer": {"color": PALETTE[3], "label": "transferred from the twin"},
    WORST: {"color": REFERENCE, "linestyle": "--", "label": "all of them together"},
}
SHOWN = 8
"""Examples in a grid."""


def draw_curves(
    surveys: Mapping[int, Survey], epsilons: tuple[Epsilon, ...], folder: Path
) -> list[Path]:
    """Mean over seeds and its 95 % t interval, a line an attack; the files."""
    ordered = sorted(epsilons, key=lambda eps: eps.size)
    x = np.array([0.0, *(eps.size for eps in ordered)])
    shown = [a for a in STYLES if all((a, ordered[0].text) in s.right for s in surveys.values())]
    with look():
        figure, axis = plt.subplots(figsize=(5.2, 3.4))
        for place, attack in enumerate(shown):
            cells = [(CLEAN, "0"), *((attack, eps.text) for eps in ordered)]
            values = np.array([[s.right[c].mean() for c in cells] for s in surveys.values()])
            mean, half = interval(values)
            # Side by side, so that intervals that coincide can still be told apart.
            beside = x + 0.012 * x[-1] * (place - len(shown) / 2)
            axis.errorbar(beside, mean, yerr=half, capsize=2, elinewidth=0.8, **STYLES[attack])
        low, high = axis.get_ylim()
        axis.set_ylim(max(0, low), min(1.005, high))
        axis.set_xticks(x, ["0", *(eps.text for eps in ordered)], rotation=40, ha="right")
        axis.set_xlabel("eps, part of each feature's range")
        axis.set_ylabel("accuracy")
        axis.legend(fontsize=7.5)
        return save(figure, folder, "accuracy")


def draw_examples(
    data: Dataset, survey: Survey, attack: str, epsilons: tuple[Epsilon, ...], folder: Path
) -> list[Path]:
    """Images and what an attack makes of them, a row an eps, those that it turned first.

    Above each stands what the network takes it for, in colour where that is wrong. There is no
    file for data that are not images.
    """
    if len(data.shape) < 2:
        return []
    ordered = sorted(epsilons, key=lambda eps: eps.size)
    shown = {"clean": survey.attempts[CLEAN, "0"]}
    shown |= {f"eps {eps.text}": survey.attempts[attack, eps.text] for eps in ordered}
    first = np.argsort(survey.attempts[attack, ordered[-1].text].right, kind="stable")[:SHOWN]
    with look():
        figure, axes = plt.subplots(
            len(shown), len(first), figsize=(0.9 * len(first), 1.05 * len(shown)), squeeze=False
        )
        for row, (name, tried) in zip(axes, shown.items(), strict=True):
            row[0].set_ylabel(name)
            for i, axis in zip(first, row, strict=True):
                axis.imshow(tried.u[i], cmap="gray", vmin=0, vmax=1)
                axis.set(xticks=[], yticks=[])
                axis.grid(visible=False)
                colour = REFERENCE if tried.right[i] else PALETTE[1]
                axis.set_title(data.classes[tried.labels[i]], fontsize=8, color=colour, pad=2)
        return save(figure, folder, "examples")
