"""Accuracy under attack against eps, and a grid of the inputs that it took."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from apical.adversarial.epsilon import Epsilon
from apical.adversarial.survey import CLEAN, ITERATED, ONE_STEP, WORST, Survey
from apical.data import Dataset
from apical.report.bands import band
from apical.report.style import PALETTE, REFERENCE, look, save

STYLES = {
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
    with look():
        figure, axis = plt.subplots(figsize=(5.2, 3.4))
        for attack, style in STYLES.items():
            if all((attack, ordered[0].text) in s.right for s in surveys.values()):
                cells = [(CLEAN, "0"), *((attack, eps.text) for eps in ordered)]
                values = [[s.right[cell].mean() for cell in cells] for s in surveys.values()]
                band(axis, x, np.array(values), **style)
        axis.set_xticks(x, ["0", *(eps.text for eps in ordered)])
        axis.set_xlabel("eps, part of each feature's range")
        axis.set_ylabel("accuracy")
        axis.legend(fontsize=7.5)
        return save(figure, folder, "accuracy")


def draw_examples(
    data: Dataset, survey: Survey, attack: str, epsilons: tuple[Epsilon, ...], folder: Path
) -> list[Path]:
    """The first images and what an attack makes of them, a row an eps; no file unless images."""
    if len(data.shape) < 2:
        return []
    ordered = sorted(epsilons, key=lambda eps: eps.size)
    shown = {"clean": survey.attempts[CLEAN, "0"]}
    shown |= {f"eps {eps.text}": survey.attempts[attack, eps.text] for eps in ordered}
    columns = min(SHOWN, len(survey.labels))
    with look():
        figure, axes = plt.subplots(
            len(shown), columns, figsize=(0.9 * columns, 1.1 * len(shown)), squeeze=False
        )
        for row, (name, tried) in zip(axes, shown.items(), strict=True):
            row[0].set_ylabel(name)
            for i, axis in enumerate(row):
                axis.imshow(tried.u[i], cmap="gray", vmin=0, vmax=1)
                axis.set(xticks=[], yticks=[])
                axis.grid(visible=False)
                colour = REFERENCE if tried.right[i] else PALETTE[1]
                axis.set_title(data.classes[tried.labels[i]], fontsize=8, color=colour, pad=2)
        return save(figure, folder, "examples")
