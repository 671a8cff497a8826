"""The ITD paper's Figures 2 and 3 with our runs, its author's variants, and what lies beyond."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from apical.papers.itd.experiments import DEPTH, DEPTHS, MULTIPLICATIVE, SETTING, WIDTH, WIDTHS
from apical.papers.itd.tables import RULES as NAMES, author_log, iterations
from apical.report.axes import band
from apical.report.saving import save
from apical.report.style import PALETTE, REFERENCE, look
from apical.reproduce.evidence import Evidence
from apical.runs.statistics import mean_and_half_width
from apical.runs.writing import write_whole

ITERATIONS = SETTING.steps_per_epoch or 0
COLOUR = {"bp": REFERENCE, "fa": PALETTE[0], "itd": PALETTE[2]}
LINES: dict[str, dict[str, Any]] = {
    "vbp": {"color": COLOUR["bp"]},
    "fba": {"color": COLOUR["fa"]},
    "itd-mce": {"color": COLOUR["itd"]},
    "itd-lse": {"color": COLOUR["itd"]},
}
LAYERS: tuple[Any, ...] = ("-", "--", ":")
SPLITS: dict[str, Any] = {"train": (0, (1, 1)), "val": (0, (5, 2)), "test": "-"}


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """Every figure whose runs are there, and the table of iterations; the files."""
    paths = []
    with look():
        paths += _learning(evidence, folder, "figure-2", ("itd-mce", "fba", "vbp"))
        paths += _learning(evidence, folder, "figure-3", ("itd-lse", "itd-mce"))
        paths += _variants(evidence, folder)
        paths += _beyond(evidence, folder)
    table = folder / "iterations.md"
    write_whole(table, iterations(evidence))
    return [*paths, table]


def _learning(evidence, folder, name, rows) -> list[Path]:
    """Loss and accuracy of the three splits, a row a rule, with the author's own log."""
    if not all(evidence.runs(row) for row in rows):
        return []
    log = author_log()
    figure, axes = plt.subplots(
        len(rows), 2, figsize=(7, 2.1 * len(rows) + 0.4), sharex=True, squeeze=False
    )
    for (loss, accuracy), row in zip(axes, rows, strict=True):
        for split, line in SPLITS.items():
            for axis, what in ((loss, "loss"), (accuracy, "accuracy")):
                epochs, values = evidence.curve(row, f"{split}_{what}", first=1)
                band(axis, epochs * ITERATIONS, values, linestyle=line, linewidth=1.2, **LINES[row])
        accuracy.plot(log["iteration"], log[row], "D", color="white", mec="#444444", ms=4.5)
        loss.set_ylabel(f"{NAMES[row]}\n\nloss" + (" (nats)" if row != "itd-lse" else ""))
        accuracy.set_ylabel("accuracy")
        accuracy.set_ylim(0, 1)
        loss.set_ylim(bottom=0)
    for axis in axes[-1]:
        axis.set_xlabel("iteration (minibatches of 100)")
    handles = [
        Line2D([], [], color="#444444", linestyle=line, label={"val": "validation"}.get(s, s))
        for s, line in SPLITS.items()
    ]
    author = Line2D(
        [], [], color="white", marker="D", mec="#444444", ms=4.5, label="author's log, test"
    )
    n = len(evidence.runs(rows[0]))
    figure.legend(
        handles=[*handles, author], loc="outside upper center", ncols=4,
        title=f"mean of {n} seed{'s' * (n > 1)} and 95 % interval",
    )  # fmt: skip
    return save(figure, folder, name)


def _variants(evidence, folder) -> list[Path]:
    """Final test accuracy of the rule and of its author's earlier variants."""
    itd = COLOUR["itd"]
    rows = [
        ("vbp", "VBP", COLOUR["bp"], "early-vbp", 0.937),
        ("fba", "FBA", COLOUR["fa"], "early-fba", 0.897),
        ("itd-mce", "ITD: signal - previous", itd, None, None),
        ("local-memory", "each layer's own memory", itd, None, None),
        ("times-activity", "times activity difference", itd, "early-times-activity", None),
        ("times-signal", "times signal difference", itd, "early-times-signal", 0.526),
        ("times-output", "times output difference", itd, "early-times-output", 0.524),
    ]
    if not all(evidence.runs(name) for name in MULTIPLICATIVE):
        return []
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 2.9), sharey=True)
    iterations = [ITERATIONS * _last(evidence, "times-signal"), 1000 * _last(evidence, "early-fba")]
    for y, (name, _, colour, early, author) in enumerate(rows):
        for axis, experiment in zip(axes, (name, early), strict=True):
            if experiment and evidence.values(experiment, "test_accuracy"):
                mean, half = mean_and_half_width(
                    np.array(evidence.values(experiment, "test_accuracy"))
                )
                axis.errorbar(mean, y, xerr=half, fmt="o", color=colour, capsize=3)
        if author:
            axes[1].plot(author, y, "D", color="white", mec="#444444", ms=4.5, zorder=5)
    author_s = Line2D([], [], color="white", marker="D", mec="#444444", label="author's run")
    axes[1].legend(handles=[author_s], loc="upper left", bbox_to_anchor=(0.1, 1))
    axes[0].set_yticks(range(len(rows)), [row[1] for row in rows])
    axes[0].invert_yaxis()
    for axis, title in zip(axes, ("paper's setting", "author's early setting"), strict=True):
        axis.set_xlim(0, 1)
        axis.axvline(0.1, color="grey", linewidth=0.8, linestyle=":")
        count = iterations[0 if axis is axes[0] else 1]
        axis.set_xlabel(f"test accuracy after {count:,} iterations".replace(",", " "))
        axis.set_title(title, fontsize=9)
    return save(figure, folder, "variants")


def _beyond(evidence, folder) -> list[Path]:
    """Depth, width, activation and data; alignment of the hidden updates with BP's."""
    if not evidence.runs(f"depth-{DEPTHS[-1]}-itd-mce"):
        return []
    rules = ("vbp", "fba", "itd-mce")
    figure, axes = plt.subplots(2, 2, figsize=(7.5, 5.6))
    for rule in rules:
        _sweep(axes[0, 0], evidence, "depth", DEPTHS, rule)
        _sweep(axes[0, 1], evidence, "width", WIDTHS, rule)
        for x, name in enumerate((rule, f"relu-{rule}", f"fashion-{rule}")):
            values = evidence.values(name, "test_accuracy")
            if values:
                mean, half = mean_and_half_width(np.array(values))
                shift = 0.12 * (rules.index(rule) - 1)
                axes[1, 0].errorbar(x + shift, mean, yerr=half, fmt="o", capsize=3, **LINES[rule])
        epochs, cosine = evidence.curve(rule, "alignment", "cosine")
        for layer, line in enumerate(LAYERS if len(epochs) else ()):
            style = {"linestyle": line, "linewidth": 1.2, **LINES[rule]}
            band(axes[1, 1], epochs * ITERATIONS, cosine[..., layer], **style)
    axes[0, 0].set_xlabel("hidden layers of 32 units")
    axes[0, 0].set_xticks(DEPTHS)
    axes[0, 1].set_xlabel("units in each of three hidden layers")
    axes[0, 1].set_xscale("log", base=2)
    axes[0, 1].set_xticks(WIDTHS, [str(w) for w in WIDTHS])
    axes[1, 0].set_xticks(range(3), ["MNIST\ntanh", "MNIST\nReLU", "Fashion\ntanh"])
    axes[1, 0].set_xlim(-0.5, 2.5)
    for axis in axes.flat[:3]:
        axis.set_ylabel("test accuracy")
        axis.set_ylim(0, 1)
    axes[1, 1].set_xlabel("iteration")
    axes[1, 1].set_ylabel("cosine of update with BP's")
    axes[1, 1].legend(
        handles=[
            Line2D([], [], color="#444444", linestyle=line, label=f"hidden layer {l + 1}")
            for l, line in enumerate(LAYERS)
        ],
        loc="best", fontsize=7.5,
    )  # fmt: skip
    figure.legend(
        handles=[Line2D([], [], label=NAMES[rule], **LINES[rule]) for rule in rules],
        loc="outside upper center", ncols=3,
    )  # fmt: skip
    return save(figure, folder, "beyond")


def _sweep(axis: Axes, evidence: Evidence, what: str, values: tuple[int, ...], rule: str) -> None:
    usual = {"depth": DEPTH, "width": WIDTH}[what]
    names = [rule if v == usual else f"{what}-{v}-{rule}" for v in values]
    found = [(v, evidence.values(n, "test_accuracy")) for v, n in zip(values, names, strict=True)]
    points = [(v, *mean_and_half_width(np.array(f))) for v, f in found if f]
    if points:
        x, mean, half = zip(*points, strict=True)
        axis.errorbar(x, mean, yerr=half, marker="o", ms=4, capsize=3, **LINES[rule])


def _last(evidence: Evidence, experiment: str) -> int:
    epochs, _ = evidence.curve(experiment, "test_accuracy")
    return int(epochs[-1]) if len(epochs) else 0
