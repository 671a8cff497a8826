"""Figure of appendix 5.5: unexplained variance of every method's autoencoder, and its digits."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from apical.papers.target_propagation.methods import METHODS
from apical.papers.target_propagation.style import COLOURS, LINES, family_and_way
from apical.report.axes import band
from apical.report.saving import save
from apical.reproduce.evidence import Evidence
from apical.training.reload import reload
from apical.training.selection import Best

SHOWN = 8
"""Test images, the first ones."""


def reconstructions(evidence: Evidence, folder: Path) -> list[Path]:
    """Curves of the unexplained variance; beside them digits, where networks were kept."""
    methods = [m for m in METHODS if evidence.runs(f"autoencoder-{m}")]
    if not methods:
        return []
    kept = [m for m in methods if evidence.runs(f"autoencoder-{m}")[0].keeps_networks]
    figure, axes = plt.subplots(
        1,
        2 if kept else 1,
        figsize=(7.5 if kept else 4.2, 3.4),
        width_ratios=[1, 1.1] if kept else [1],
        squeeze=False,
    )
    _curves(axes[0, 0], evidence, methods)
    if kept:
        _digits(axes[0, 1], evidence, kept)
    return save(figure, folder, "autoencoder")


def _curves(axis: Axes, evidence: Evidence, methods: list[str]) -> None:
    for method in methods:
        family, way = family_and_way(method)
        epochs, explained = evidence.curve(
            f"autoencoder-{method}", "test_explained_variance", first=1
        )
        style = {"color": COLOURS[family], "linestyle": LINES[way], "label": method}
        band(axis, epochs, 100 * (1 - explained), **style)
    axis.set(xlabel="epoch", ylabel="unexplained variance of test images (%)", yscale="log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("{x:g}")
    axis.tick_params(which="both", labelsize=7)
    axis.legend(fontsize=6.5, ncols=2)


def _digits(axis: Axes, evidence: Evidence, methods: list[str]) -> None:
    """A row a method below the images themselves."""
    rows = {}
    for method in methods:
        (run, *_) = evidence.runs(f"autoencoder-{method}")
        task, models = reload(run.path, network=Best())
        images = task.data.test.x[:SHOWN]
        rows["image"] = images / 255
        (model,) = models.values()
        rows[method] = np.asarray(model(images)).reshape(images.shape)
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows.values()])
    axis.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
    height = len(picture) / len(rows)
    axis.set_yticks([(i + 0.5) * height for i in range(len(rows))], list(rows), fontsize=7)
    axis.set_xticks([])
    axis.grid(False)
    axis.spines[:].set_visible(False)
