"""The ghost-unit paper's Figures 3 to 6 with our runs, and what lies beyond."""

import math
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from apical.papers.ghost_units.experiments import BETAS, DEPTHS, GHOSTS, STRIDES, WIDTHS
from apical.papers.ghost_units.tables import table_1
from apical.papers.ghost_units.trace import trace
from apical.report.axes import band, by_decades
from apical.report.saving import save
from apical.report.style import PALETTE, look
from apical.reproduce.evidence import Evidence
from apical.runs.writing import write_whole

FEEDBACK: dict[str, dict[str, Any]] = {
    "tf": {"color": "#000000", "label": "transpose feedback"},
    "fa": {"color": PALETTE[0], "label": "feedback alignment"},
}
SPLITS: dict[str, dict[str, Any]] = {
    "train": {"color": "#000000", "linestyle": ":", "label": "train, in passing"},
    "test": {"color": "#000000", "linestyle": "-", "label": "test"},
}
WIDTH_LINES: dict[int, Any] = dict(zip(WIDTHS, (":", "--", "-"), strict=True))


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
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(5, 4.6), sharex=True)
    _accuracies(top, evidence, name)
    gaps = {"to_ghosts_gap_1": "$||P - W_2||$", "from_ghosts_gap_1": "$||G - F||$"}
    for (metric, label), colour in zip(gaps.items(), PALETTE[1:], strict=False):
        band(bottom, *evidence.curve(name, metric), color=colour, label=label)
    bottom.set(xlabel="epoch", ylabel="Frobenius norm", ylim=(0, None))
    bottom.legend()
    figure.suptitle(_title(evidence, name), fontsize=9)
    return save(figure, folder, "figure-3")


def _figure_4(evidence, folder) -> list[Path]:
    """MB: output potentials and local error while single images are shown, early in training."""
    traces = trace(evidence)
    if not traces:
        return []
    figure, axes = plt.subplots(2, len(traces), figsize=(7.5, 4), sharex=True, sharey="row")
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
    return save(figure, folder, "figure-4")


def _figure_5(evidence, folder) -> list[Path]:
    """MB: accuracy, squared error, and the error of its teaching signals."""
    name = _widest(evidence, "mb")
    if name is None:
        return []
    figure, axes = plt.subplots(3, 1, figsize=(5, 6), sharex=True)
    _accuracies(axes[0], evidence, name)
    for split, line in SPLITS.items():
        epochs, values = evidence.curve(name, f"{split}_loss", first=1)
        band(axes[1], epochs, values, **line)
    axes[1].set(ylabel="squared error / 2", ylim=(0, None))
    axes[1].legend()
    epochs, errors = evidence.curve(name, "alignment", "signal_error")
    for layer, colour in zip(range(errors.shape[-1]), ("#0072B2", "#E69F00"), strict=False):
        band(axes[2], epochs, 100 * errors[..., layer], color=colour, label=f"layer {layer + 1}")
    axes[2].axhline(7, color="grey", linestyle="--", linewidth=0.8, label="the paper's 7 %")
    axes[2].set(xlabel="epoch", ylabel="relative error of the\nteaching signals to BP's (%)")
    axes[2].set_ylim(0, None)
    axes[2].legend()
    figure.suptitle(_title(evidence, name), fontsize=9)
    return save(figure, folder, "figure-5")


def _figure_6(evidence, folder) -> list[Path]:
    """Test error over training, by width."""
    shown = {
        model: [(w, f) for w in WIDTHS for f in FEEDBACK if _long(evidence, f"{model}-{w}-{f}")]
        for model in ("ma", "mb")
    }
    shown = {model: found for model, found in shown.items() if found}
    if not shown:
        return []
    figure, axes = plt.subplots(
        1, len(shown), figsize=(3.9 * len(shown), 3.2), sharey=True, squeeze=False
    )
    lowest = math.inf
    for axis, (model, found) in zip(axes[0], shown.items(), strict=True):
        for width, feedback in found:
            epochs, values = evidence.curve(f"{model}-{width}-{feedback}", "test_accuracy", first=1)
            style = {"color": FEEDBACK[feedback]["color"], "linestyle": WIDTH_LINES[width]}
            band(axis, epochs, 100 * (1 - values), **style)
            lowest = min(lowest, 100 * (1 - values).min())
        axis.set(xlabel="epoch", title=model.upper())
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    by_decades(axes[0, 0], 0.9 * lowest)
    axes[0, 0].set_ylabel("test error (%)")
    cells = [cell for found in shown.values() for cell in found]
    widths, feedbacks = (list(dict.fromkeys(part)) for part in zip(*sorted(cells), strict=True))
    figure.legend(
        handles=[Line2D([], [], **FEEDBACK[f]) for f in feedbacks]
        + [
            Line2D([], [], color="#444444", linestyle=WIDTH_LINES[w], label=f"{w} units")
            for w in widths
        ],
        loc="outside upper center", ncols=5 if len(shown) > 1 else 3, fontsize=7.5,
    )  # fmt: skip
    return save(figure, folder, "figure-6")


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
        2, len(panels), figsize=(2.5 * len(panels), 4.4), sharey="row", squeeze=False
    )
    for (top, bottom), (label, xs, names, scale) in zip(axes.T, panels, strict=True):
        for metric, axis, factor in (
            ("test_accuracy", top, 100),
            ("alignment.cosine.0", bottom, 1),
        ):
            found = [(x, evidence.values(n, metric)) for x, n in zip(xs, names, strict=True)]
            points = [(x, factor * values[0]) for x, values in found if values]
            if points:
                axis.plot(*zip(*points, strict=True), "o-", color="#0072B2", ms=4)
            axis.set_xscale(scale)
            axis.set_xticks(xs, [f"{x:g}" for x in xs])
            axis.minorticks_off()
        bottom.set_xlabel(label)
    axes[0, 0].set_ylabel("test accuracy (%)")
    axes[1, 0].set_ylabel("cosine with BP,\nfirst layer")
    axes[1, 0].set_ylim(None, 1.02)
    return save(figure, folder, "beyond")


def _strides(evidence, folder) -> list[Path]:
    """Learning curves of Euler steps and of strides in their place."""
    names = {"euler-ma-100": "Euler steps"} | {
        f"strides-{n}-ma-100": f"strides of {n}" for n in STRIDES
    }
    names = {name: label for name, label in names.items() if evidence.runs(name)}
    if len(names) < 2:
        return []
    figure, axis = plt.subplots(figsize=(4.5, 3.2))
    for (name, label), colour in zip(names.items(), ("#000000", *PALETTE), strict=False):
        epochs, values = evidence.curve(name, "test_accuracy", first=1)
        band(axis, epochs, 100 * values, color=colour, label=label)
    axis.set(xlabel="epoch", ylabel="test accuracy (%)", xticks=range(1, 6))
    axis.legend(title="MA, 100 units, transpose feedback")
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


def _title(evidence: Evidence, name: str) -> str:
    n = len(evidence.runs(name))
    model, width, _ = name.split("-")
    return f"{model.upper()}, {width} units, transpose feedback, {n} seed{'s' * (n > 1)}"
