"""SDTP and AO-SDTP in turns, to the letter and damped: what step and local losses change."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from apical.papers.target_propagation.networks import EPOCHS
from apical.papers.target_propagation.style import COLOURS, SHADES
from apical.report.axes import band, by_decades, caption
from apical.report.saving import save
from apical.reproduce.evidence import Evidence

SUMMED, AVERAGED = {"color": COLOURS["sdtp"]}, {"color": SHADES["sdtp"]}
OURS = {"color": "#222222", "label": "ours: damped"}
ROWS: dict[str, dict[str, dict[str, Any]]] = {
    "SDTP": {
        "sdtp-alternating-summed": {**SUMMED, "linestyle": "--", "label": "summed"},
        "sdtp-alternating-averaged": {**AVERAGED, "linestyle": "--", "label": "averaged"},
        "sdtp-alternating-summed-narrow": {
            **SUMMED, "linestyle": "-.", "label": "summed, narrow search",
        },
        "sdtp-alternating-damped": OURS,
    },
    "SDTP, Table 5": {
        "sdtp-alternating-summed-table-5": {**SUMMED, "label": "summed"},
        "sdtp-alternating-averaged-table-5": {**AVERAGED, "label": "averaged"},
    },
    "AO-SDTP": {
        "ao-sdtp-alternating-summed": {
            "color": COLOURS["ao-sdtp"], "linestyle": "--", "label": "summed",
        },
        "ao-sdtp-alternating-averaged": {
            "color": SHADES["ao-sdtp"], "linestyle": "--", "label": "averaged",
        },
        "ao-sdtp-alternating-damped": OURS,
    },
}  # fmt: skip
TOP = 5
"""The uppermost hidden layer of the fully connected MNIST network."""


def damping(evidence: Evidence, folder: Path) -> list[Path]:
    """Draw test error, distance of the uppermost targets and cosine with BP against epochs."""
    shown = {
        rule: {name: look for name, look in looks.items() if evidence.runs(f"mnist-fc-{name}")}
        for rule, looks in ROWS.items()
    }
    shown = {rule: looks for rule, looks in shown.items() if looks}
    if not shown:
        return []
    figure, axes = plt.subplots(
        len(shown), 3, figsize=(9.4, 2.3 * len(shown) + 0.5), sharex=True, squeeze=False
    )
    for row, (rule, looks) in zip(axes, shown.items(), strict=True):
        _row(row, evidence, looks, apart="Table 5" in rule)
        row[0].set_ylabel(f"{rule}:\ntest error (%)")
        row[2].legend(
            *row[0].get_legend_handles_labels(), loc="center left", bbox_to_anchor=(1.02, 0.5),
            fontsize=8,
        )  # fmt: skip
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    names = [f"mnist-fc-{name}" for looks in shown.values() for name in looks]
    note = (
        "Thin lines: single seeds. MNIST, 5 x 256, in turns. To the letter but for ours; summed, "
        "averaged: the local losses. Table 5: its settings, at constant rates; else rates fall. "
        "Left and middle: logarithmic."
    )
    caption(figure, evidence.protocol, *evidence.ran(names), of=EPOCHS, note=note)
    return save(figure, folder, "damping")


def _row(
    axes: Sequence[Axes], evidence: Evidence, looks: Mapping[str, dict[str, Any]], *, apart: bool
) -> None:
    """Three panels; `apart`: each seed by itself, where some lose what they learned."""
    error, distance, cosine = axes
    lowest, nearest = 100.0, np.inf
    for method, look in looks.items():
        name = f"mnist-fc-{method}"
        epochs, accuracy = evidence.curve(name, "test_accuracy", first=1)
        _, distances = evidence.curve(name, f"target_distance_{TOP}", first=1)
        measured, cosines = evidence.curve(name, "alignment", "cosine")
        panels = (
            (error, epochs, 100 * (1 - accuracy)),
            (distance, epochs, distances),
            (cosine, measured, cosines[..., TOP - 1]),
        )
        for axis, x, values in panels:
            for k, some in enumerate(np.split(values, len(values)) if apart else [values]):
                band(axis, x, some, **look | ({"label": None} if k else {}))
        lowest = min(lowest, 100 * (1 - accuracy).min())
        nearest = min(nearest, (distances if apart else distances.mean(axis=0)).min())
    by_decades(error, 0.9 * lowest)
    error.set_ylim(top=100)
    distance.set_yscale("log")
    distance.set_ylim(bottom=0.5 * nearest)
    cosine.set_ylim(-1 if apart else -0.1, 1)
    distance.set_ylabel(r"$|\hat{h}_5 - h_5| / |h_5|$")
    cosine.set_ylabel("cosine with BP, layer 5")
