"""The ghost-unit paper's Figures 3 to 6 with our runs, and what lies beyond."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator

from apical.papers.ghost_units.experiments import (
    BETAS,
    DEEP_EPOCHS,
    DEEP_RATES,
    DEPTHS,
    GHOST_EPOCHS,
    GHOSTS,
    QUICK,
    STRIDES,
    TRACED,
    WIDTHS,
)
from apical.papers.ghost_units.tables import table_1
from apical.papers.ghost_units.trace import trace
from apical.report.axes import THIN, band, by_decades, caption
from apical.report.saving import save
from apical.report.style import PALETTE, look
from apical.reproduce.evidence import Evidence
from apical.rules import GhostMA
from apical.runs.writing import write_whole

KINDS = {"tf": "transpose feedback", "fa": "feedback alignment", "bp": "BP (control, ours)"}
RUNNING = "Training curves are running averages: each minibatch before its update."
SPLITS: dict[str, dict[str, Any]] = {
    "train": {"color": "#000000", "linestyle": ":", "label": "training, in passing"},
    "test": {"color": "#000000", "linestyle": "-", "label": "test"},
}


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """Every figure whose runs are there, and Table 1; the files."""
    paths = []
    with look():
        for figure in (_figure_3, _figure_4, _figure_5, _figure_6, _beyond, _strides):
            paths += figure(evidence, folder)
    table = folder / "table-1.md"
    write_whole(table, table_1(evidence))
    return [*paths, table]


def _figure_3(evidence, folder) -> list[Path]:
    """MA: accuracy, and how far lateral weights are from what they imitate."""
    name = _widest(evidence, "ma")
    if name is None:
        return []
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(5, 5), sharex=True)
    _accuracies(top, evidence, name)
    gaps = {"to_ghosts_gap_1": "$||P - W_2||$", "from_ghosts_gap_1": "$||G - F||$"}
    for (metric, label), colour in zip(gaps.items(), PALETTE[1:], strict=False):
        band(bottom, *evidence.curve(name, metric), color=colour, label=label)
    bottom.set(xlabel="epoch", ylabel="Frobenius norm, mean of\nan epoch (logarithmic)")
    by_decades(bottom)
    bottom.legend()
    figure.suptitle(_title(name), fontsize=9)
    _told(figure, evidence, [name], RUNNING)
    return save(figure, folder, "figure-3")


def _figure_4(evidence, folder) -> list[Path]:
    """MB: output potentials and local error while single images are shown, early in training."""
    traces = trace(evidence)
    if not traces:
        return []
    figure, axes = plt.subplots(2, len(traces), figsize=(7.5, 4.3), sharex=True, sharey="row")
    for (top, bottom), (epoch, seen) in zip(axes.T, traces.items(), strict=True):
        for unit, potential in enumerate(seen.outputs.T):
            right = unit == seen.label
            top.plot(
                potential, color="#D55E00" if right else "#888888", lw=1.6 if right else 0.7,
                zorder=3 if right else 2,
            )  # fmt: skip
        bottom.plot(np.abs(seen.errors).mean(axis=1), color="#0072B2")
        bottom.set_yscale("log")
        for axis in (top, bottom):
            axis.axvspan(0, seen.free_steps, color="#56B4E9", alpha=0.15, lw=0)
            axis.axvspan(seen.free_steps, len(seen.outputs), color="#009E73", alpha=0.15, lw=0)
        top.set_title(f"after epoch {epoch}" if epoch else "before training", fontsize=9)
        bottom.set_xlabel("Euler step of one image")
    axes[0, 0].set_ylabel("output potentials $u_2$")
    axes[1, 0].set_ylabel("mean $|e_1|$")
    shades = [("#56B4E9", "free phase"), ("#009E73", "weakly clamped phase")]
    figure.legend(
        handles=[Line2D([], [], color=c, lw=7, alpha=0.3, label=text) for c, text in shades]
        + [Line2D([], [], color="#D55E00", label="the right class")],
        loc="outside upper center", ncols=3,
    )  # fmt: skip
    _told(
        figure, evidence, (f"trace-{epoch}" for epoch in TRACED),
        "MB, 500 units, transpose feedback: one training image, one seed. An Euler step is 5 ms, "
        "half the units' time constant.",
    )  # fmt: skip
    return save(figure, folder, "figure-4")


def _figure_5(evidence, folder) -> list[Path]:
    """MB: accuracy, squared error, and the error of its teaching signals."""
    name = _widest(evidence, "mb")
    if name is None:
        return []
    figure, axes = plt.subplots(3, 1, figsize=(5, 6.5), sharex=True)
    _accuracies(axes[0], evidence, name)
    for split, line in SPLITS.items():
        epochs, values = evidence.curve(name, f"{split}_loss", first=1)
        band(axes[1], epochs, values, **line)
    axes[1].set(ylabel="squared error / 2\nof an image", ylim=(0, None))
    axes[1].legend()
    epochs, errors = evidence.curve(name, "alignment", "signal_error")
    for layer, colour in zip(range(errors.shape[-1]), ("#0072B2", "#E69F00"), strict=False):
        band(
            axes[2],
            epochs,
            100 * errors[..., layer],
            color=colour,
            label=("hidden", "output")[layer],
        )
    axes[2].axhline(7, color="grey", linestyle="--", linewidth=0.8, label="the paper's 7 %")
    axes[2].set(xlabel="epoch", ylabel="relative error of the\nteaching signals to BP's (%)")
    axes[2].set_ylim(0, None)
    axes[2].legend()
    figure.suptitle(_title(name), fontsize=9)
    _told(figure, evidence, [name], RUNNING)
    return save(figure, folder, "figure-5")


def _figure_6(evidence, folder) -> list[Path]:
    """Test error over training: a panel for each model and each kind of feedback, and for BP."""
    models = [m for m in ("ma", "mb") if any(_long(evidence, n) for n in _line(m))]
    if not models:
        return []
    kinds = [
        k for k in KINDS if any(_long(evidence, f"{m}-{w}-{k}") for m in models for w in WIDTHS)
    ]
    figure, axes = plt.subplots(
        len(models), len(kinds), figsize=(2.7 * len(kinds) + 0.5, 2.6 * len(models) + 0.6),
        sharex="row", sharey="row", squeeze=False,
    )  # fmt: skip
    drawn = []
    for row, model in zip(axes, models, strict=True):
        lowest = math.inf
        for axis, kind in zip(row, kinds, strict=True):
            for width, colour in zip(WIDTHS, PALETTE[:3], strict=True):
                name = f"{model}-{width}-{kind}"
                if not _long(evidence, name):
                    continue
                epochs, values = evidence.curve(name, "test_accuracy", first=1)
                n = len(evidence.runs(name))
                label = f"{width} units, {n} seed{'s' * (n > 1)}"
                band(axis, epochs, 100 * (1 - values), color=colour, label=label)
                lowest = min(lowest, 100 * (1 - values).min())
                drawn.append(name)
            axis.set(xlabel="epoch")
            axis.set_title(f"{model.upper()}'s network: {KINDS[kind]}", fontsize=8.5)
            axis.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
            if axis.lines:
                axis.legend(fontsize=7.5)
            else:
                axis.annotate("not run", (0.5, 0.5), xycoords="axes fraction", ha="center")
        by_decades(row[0], 0.9 * lowest)
        row[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        row[0].set_ylabel("test error (%), logarithmic")
    _told(figure, evidence, drawn)
    return save(figure, folder, "figure-6")


def _line(model: str) -> list[str]:
    """The cells of a model's network with one hidden layer, and their controls."""
    return [f"{model}-{width}-{kind}" for width in WIDTHS for kind in KINDS]


def _beyond(evidence, folder) -> list[Path]:
    """Depth, number of ghosts, nudge: what they cost in alignment with BP."""
    nudges = {0.1: "ghosts-5-mb"} | {beta: f"beta-{beta:g}-mb" for beta in BETAS}
    betas = tuple(sorted(nudges))
    panels = [
        ("hidden layers (MA, TF)", DEPTHS, [f"depth-{d}-ma" for d in DEPTHS], "linear"),
        ("ghosts (MB, TF)", GHOSTS, [f"ghosts-{n}-mb" for n in GHOSTS], "log"),
        (r"nudge $\beta$ (MB, TF)", betas, [nudges[b] for b in betas], "log"),
    ]
    panels = [panel for panel in panels if any(map(evidence.runs, panel[2]))]
    if not panels:
        return []
    figure, axes = plt.subplots(
        2, len(panels), figsize=(2.5 * len(panels), 4.8), sharey="row", squeeze=False
    )
    for (top, bottom), (label, xs, names, scale) in zip(axes.T, panels, strict=True):
        for metric, axis, factor in (
            ("test_accuracy", top, 100),
            ("alignment.cosine.0", bottom, 1),
        ):
            found = [(x, evidence.values(n, metric)) for x, n in zip(xs, names, strict=True)]
            points = [(x, factor * values[0]) for x, values in found if values]
            if points:
                form: dict[str, Any] = {"color": "#0072B2", "ms": 4, "mfc": "white", "lw": THIN}
                axis.plot(*zip(*points, strict=True), "o-", **form)
            axis.set_xscale(scale)
            axis.set_xticks(xs, [f"{x:g}" for x in xs])
            axis.minorticks_off()
        bottom.set_xlabel(label)
    axes[0, 0].set_ylabel("test accuracy (%)")
    axes[1, 0].set_ylabel("cosine of the first\nlayer's update with BP's")
    axes[1, 0].set_ylim(None, 1.02)
    ran = evidence.ran(name for _, _, names, _ in panels for name in names)
    rate, of_one = DEEP_RATES["tf"][0], GhostMA().main_rates[0]
    caption(
        figure, evidence.protocol, [], ran[1],
        note="Not in the paper. Open points: one seed each. MA: 100 units in each hidden layer, "
        f"{DEEP_EPOCHS} epochs, every depth at the rate of {rate:g} that the paper has for two "
        f"hidden layers (for one it has {of_one:g}). MB: 100 units, {GHOST_EPOCHS} epochs; ghosts "
        "times their rate, and nudge times the main rates, are the same for all.",
    )  # fmt: skip
    return save(figure, folder, "beyond")


def _strides(evidence, folder) -> list[Path]:
    """Learning curves of Euler steps and of strides in their place."""
    names = {"euler-ma-100": "Euler steps"} | {
        f"strides-{n}-ma-100": f"strides of {n}" for n in STRIDES
    }
    names = {name: label for name, label in names.items() if evidence.runs(name)}
    if len(names) < 2:
        return []
    figure, (axis, paired) = plt.subplots(1, 2, figsize=(7.5, 3.4))
    _, euler = evidence.curve("euler-ma-100", "test_accuracy", first=1)
    for (name, label), colour in zip(names.items(), ("#000000", *PALETTE), strict=False):
        epochs, values = evidence.curve(name, "test_accuracy", first=1)
        band(axis, epochs, 100 * values, color=colour, label=label)
        if label != "Euler steps" and values.shape == euler.shape:
            band(paired, epochs, 100 * (values - euler), color=colour)
    axis.set(xlabel="epoch", ylabel="test accuracy (%)", xticks=range(1, 6))
    paired.set(xlabel="epoch", ylabel="difference to Euler steps,\nseed by seed (points)")
    paired.set_xticks(range(1, 6))
    paired.axhline(0, color="#000000", linewidth=0.8)
    axis.legend()
    figure.suptitle("MA, 100 units, transpose feedback (strides are not the paper's)", fontsize=9)
    _told(figure, evidence, names)
    return save(figure, folder, "strides")


def _accuracies(axis: Axes, evidence: Evidence, name: str) -> None:
    for split, line in SPLITS.items():
        epochs, values = evidence.curve(name, f"{split}_accuracy", first=1)
        band(axis, epochs, 100 * values, **line)
    axis.set_ylabel("accuracy (%)")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axis.legend()


def _widest(evidence: Evidence, model: str) -> str | None:
    names = (f"{model}-{width}-tf" for width in reversed(WIDTHS))
    return next((name for name in names if _long(evidence, name)), None)


def _long(evidence: Evidence, name: str) -> bool:
    """Whether it has run for more than one epoch, so that there is a curve."""
    runs = evidence.runs(name)
    return bool(runs) and len(evidence.curve(name, "test_accuracy", first=1)[0]) > 1


def _title(name: str) -> str:
    model, width, _ = name.split("-")
    return f"{model.upper()}, {width} units, transpose feedback"


def _told(figure: Figure, evidence: Evidence, names: Iterable[str], note: str = "") -> None:
    """The caption; where a protocol runs a part of the paper's epochs, it says so."""
    if evidence.protocol == "quick":
        note += f" Cells of Table 1 run a {QUICK}th of the paper's epochs."
    caption(figure, evidence.protocol, *evidence.ran(names), note=note.strip())
