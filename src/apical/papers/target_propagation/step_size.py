"""The effect of SDTP's step size: the value that the search found, against the paper's 1."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from apical.papers.target_propagation.style import COLOURS
from apical.report.axes import band, by_decades
from apical.report.saving import save
from apical.reproduce.evidence import Evidence

SHOWN: dict[str, dict[str, Any]] = {
    "sdtp-alternating": {"color": COLOURS["sdtp"], "label": "SDTP, damped"},
    "sdtp-alternating-undamped": {
        "color": COLOURS["sdtp"], "linestyle": ":", "label": "SDTP to the letter",
    },
    "ao-sdtp-alternating": {"color": COLOURS["ao-sdtp"], "label": "AO-SDTP, damped"},
}  # fmt: skip
TOP = 5
"""The uppermost hidden layer of the fully connected MNIST network."""


def damping(evidence: Evidence, folder: Path) -> list[Path]:
    """Draw test error, distance of the uppermost targets and cosine with BP against epochs."""
    shown = {f"mnist-fc-{method}": style for method, style in SHOWN.items()}
    shown = {name: style for name, style in shown.items() if evidence.runs(name)}
    if len(shown) < 2:
        return []
    figure, (error, distance, cosine) = plt.subplots(1, 3, figsize=(8.4, 3))
    lowest = 100.0
    for name, style in shown.items():
        epochs, accuracy = evidence.curve(name, "test_accuracy", first=1)
        band(error, epochs, 100 * (1 - accuracy), **style)
        lowest = min(lowest, 100 * (1 - accuracy).min())
        band(distance, *evidence.curve(name, f"target_distance_{TOP}", first=1), **style)
        epochs, cosines = evidence.curve(name, "alignment", "cosine")
        band(cosine, epochs, cosines[..., TOP - 1], **style)
    by_decades(error, 0.9 * lowest)
    distance.set_yscale("log")
    cosine.set_ylim(top=1)
    _name(error, "test error (%)")
    _name(distance, r"$|\hat{h}_5 - h_5| / |h_5|$")
    _name(cosine, "cosine with BP, layer 5")
    figure.legend(*error.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return save(figure, folder, "damping")


def _name(axis: Axes, label: str) -> None:
    axis.set(xlabel="epoch", ylabel=label)
