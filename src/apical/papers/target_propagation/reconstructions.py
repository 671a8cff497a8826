"""Figure of appendix 5.5: unexplained variance of every method's autoencoder, and its digits."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from apical.papers.target_propagation.methods import DAMPED, METHODS
from apical.papers.target_propagation.networks import EPOCHS
from apical.papers.target_propagation.style import parts
from apical.report.axes import band, by_decades, caption
from apical.report.saving import save
from apical.reproduce.evidence import Evidence
from apical.training.reload import reload
from apical.training.selection import Best

SHOWN = 8
"""Test images, the first ones."""
PANELS = {"the paper's methods": tuple(METHODS), "ours: damped SDTP and AO-SDTP": tuple(DAMPED)}


def reconstructions(evidence: Evidence, folder: Path) -> list[Path]:
    """Curves of the unexplained variance, and digits of the networks that were kept."""
    panels = {
        title: [m for m in methods if evidence.runs(f"autoencoder-{m}")]
        for title, methods in PANELS.items()
    }
    methods = [method for panel in panels.values() for method in panel]
    if not methods:
        return []
    paths = _curves(evidence, folder, {title: panel for title, panel in panels.items() if panel})
    kept = [m for m in methods if evidence.runs(f"autoencoder-{m}")[0].keeps_networks]
    return [*paths, *(_reconstructed(evidence, folder, kept) if kept else [])]


def _curves(evidence: Evidence, folder: Path, panels: dict[str, list[str]]) -> list[Path]:
    figure, axes = plt.subplots(
        1, len(panels), figsize=(3.8 * len(panels), 3.6), sharey=True, squeeze=False
    )
    for axis, (title, methods) in zip(axes[0], panels.items(), strict=True):
        for method in methods:
            epochs, explained = evidence.curve(
                f"autoencoder-{method}", "test_explained_variance", first=1
            )
            band(axis, epochs, 100 * (1 - explained), **parts(method).look, label=method)
        by_decades(axis)
        axis.set_xlabel("epoch")
        axis.set_title(title, fontsize=9)
        axis.legend(fontsize=7)
    axes[0, 0].set_ylabel("unexplained variance of test images (%)")
    methods = [method for panel in panels.values() for method in panel]
    _caption(figure, evidence, methods, " The axis is logarithmic.")
    return save(figure, folder, "autoencoder")


def _caption(figure: Figure, evidence: Evidence, methods: Sequence[str], further: str = "") -> None:
    ran = evidence.ran(f"autoencoder-{method}" for method in methods)
    note = "784-512-64-512-784 on MNIST, with each method's settings for classifying."
    caption(figure, evidence.protocol, *ran, of=EPOCHS, note=note + further)


def _reconstructed(evidence: Evidence, folder: Path, methods: Sequence[str]) -> list[Path]:
    """The networks of the best validation epoch."""
    figure, axis = plt.subplots(figsize=(4.6, 0.4 * len(methods) + 1.2))
    _digits(axis, evidence, methods)
    _caption(figure, evidence, methods)
    return save(figure, folder, "autoencoder-digits")


def _digits(axis: Axes, evidence: Evidence, methods: Sequence[str]) -> None:
    """A row a method below the images themselves."""
    rows = {}
    for method in methods:
        (run, *_) = evidence.runs(f"autoencoder-{method}")
        task, models = reload(run.path, network=Best())
        images = task.data.test.x[:SHOWN]
        rows["image"] = images / 255
        (model,) = models.values()
        label = f"ours: {method}" if method in DAMPED else method
        rows[label] = np.asarray(model(images)).reshape(images.shape)
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows.values()])
    axis.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
    height = len(picture) / len(rows)
    axis.set_yticks([(i + 0.5) * height for i in range(len(rows))], list(rows), fontsize=7)
    axis.set_xticks([])
    axis.grid(False)
    axis.spines[:].set_visible(False)
