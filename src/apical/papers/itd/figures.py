"""The ITD paper's Figures 2 and 3 with our runs, its author's variants, and what lies beyond."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from apical.papers.itd.experiments import DEPTH, DEPTHS, MULTIPLICATIVE, SETTING, WIDTH, WIDTHS
from apical.papers.itd.tables import RULES as NAMES, author_log, iterations
from apical.report.axes import band, caption, points
from apical.report.saving import save
from apical.report.style import PALETTE, REFERENCE, look
from apical.reproduce.evidence import Evidence
from apical.runs.writing import write_whole

ITERATIONS = SETTING.steps_per_epoch or 0
COLOUR = {"bp": REFERENCE, "fa": PALETTE[0], "itd": PALETTE[2]}
LINES: dict[str, dict[str, Any]] = {
    "vbp": {"color": COLOUR["bp"]},
    "fba": {"color": COLOUR["fa"]},
    "itd-mce": {"color": COLOUR["itd"]},
    "itd-lse": {"color": COLOUR["itd"]},
}
OURS = PALETTE[3]
MARKS = {False: "o", True: "s"}
"""Of the paper's rule and its author's variants, and of ours."""
RUNNING = "Training curves are running averages: each minibatch before its update."
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


def _learning(evidence: Evidence, folder: Path, name: str, rows: tuple[str, ...]) -> list[Path]:
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
        loss.set_ylabel(
            f"{NAMES[row]}\n\nloss ({'half squared error' if row == 'itd-lse' else 'nats'})"
        )
        accuracy.set_ylabel("accuracy")
        accuracy.set_ylim(0, 1)
        loss.set_ylim(bottom=0)
    for axis in axes[-1]:
        axis.set_xlabel("iteration (minibatches of 100)")
    handles = [
        Line2D([], [], color="#444444", linestyle=line, label={"val": "validation"}.get(s, s))
        for s, line in SPLITS.items()
    ]
    figure.legend(
        handles=[*handles, _author("author's log, test")], loc="outside upper center", ncols=4
    )
    caption(
        figure, evidence.protocol, *evidence.ran(rows),
        note=f"An epoch is {ITERATIONS} iterations. {RUNNING} The author's log is of one run.",
    )  # fmt: skip
    return save(figure, folder, name)


def _author(label: str) -> Line2D:
    return Line2D([], [], color="white", marker="D", mec="#444444", ms=4.5, label=label)


def _variants(evidence: Evidence, folder: Path) -> list[Path]:
    """Final test accuracy of the rule and of its author's earlier variants."""
    itd = COLOUR["itd"]
    rows = [
        ("vbp", "VBP", COLOUR["bp"], "early-vbp", 0.937),
        ("fba", "FBA", COLOUR["fa"], "early-fba", 0.897),
        ("itd-mce", "ITD: signal - previous", itd, None, None),
        ("times-activity", "times activity difference", itd, "early-times-activity", None),
        ("times-signal", "times signal difference", itd, "early-times-signal", 0.526),
        ("times-output", "times output difference", itd, "early-times-output", 0.524),
        ("local-memory", "ours: each layer's own memory", OURS, None, None),
    ]
    if not all(evidence.runs(name) for name in MULTIPLICATIVE):
        return []
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.7), sharey=True)
    iterations = [ITERATIONS * _last(evidence, "times-signal"), 1000 * _last(evidence, "early-fba")]
    for y, (name, _, colour, early, author) in enumerate(rows):
        for axis, experiment in zip(axes, (name, early), strict=True):
            if experiment and (values := evidence.values(experiment, "test_accuracy")):
                points(axis, y, values, across=True, color=colour, marker=MARKS[colour == OURS])
        if author:
            axes[1].plot(author, y + 0.25, "D", color="white", mec="#444444", ms=4.5, zorder=5)
    chance = Line2D([], [], color="grey", linewidth=0.8, linestyle=":", label="chance")
    handles = [_author("author's one run, after 100 000 iterations"), chance]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    axes[0].set_yticks(
        range(len(rows)),
        [f"{label}\n{_seeds(evidence, name, early)}" for name, label, _, early, _ in rows],
        fontsize=8,
    )
    axes[0].invert_yaxis()
    titles = (("paper's setting", iterations[0]), ("author's early setting", iterations[1]))
    for axis, (title, count) in zip(axes, titles, strict=True):
        axis.set_xlim(0, 1)
        axis.axvline(0.1, color="grey", linewidth=0.8, linestyle=":")
        axis.set_xlabel(f"test accuracy after {count:,} iterations".replace(",", " "))
        axis.set_title(title, fontsize=9)
    seeds, epochs = evidence.ran(n for row in rows for n in (row[0], row[3]) if n)
    caption(figure, evidence.protocol, [], epochs, note=f"{_pointed(seeds)} Diamonds stand below.")
    return save(figure, folder, "variants")


def _seeds(evidence: Evidence, name: str, early: str | None) -> str:
    """How many seeds a variant has in the paper's setting, and in the early one."""
    told = f"n = {len(evidence.runs(name))}"
    return f"{told}; early {len(evidence.runs(early))}" if early else told


def _pointed(seeds: list[int]) -> str:
    """What points are, as `axes.points` draws them."""
    counts = ", ".join(map(str, sorted(set(seeds))))
    return f"Points: means of n = {counts} seeds; bars: 95 % t intervals (hidden where narrower)."


def _beyond(evidence: Evidence, folder: Path) -> list[Path]:
    """Depth, width, activation and data; alignment of the hidden updates with BP's."""
    if not evidence.runs(f"depth-{DEPTHS[-1]}-itd-mce"):
        return []
    rules = ("vbp", "fba", "itd-mce")
    figure, axes = plt.subplots(2, 2, figsize=(7.5, 6.2))
    for rule in rules:
        _sweep(axes[0, 0], evidence, "depth", DEPTHS, rule)
        _sweep(axes[0, 1], evidence, "width", WIDTHS, rule)
        for x, name in enumerate((rule, f"relu-{rule}", f"fashion-{rule}")):
            place = x + 0.15 * (rules.index(rule) - 1)
            if values := evidence.values(name, "test_accuracy"):
                points(axes[1, 0], place, values, **LINES[rule])
            if diverged := evidence.diverged(name):
                axes[1, 0].plot(place, 0.1, "x", ms=7, mew=2, **LINES[rule])
                told = f"{len(diverged)} seeds diverged,\nin epochs {_listed(diverged.values())}"
                axes[1, 0].annotate(told, (place, 0.15), ha="center", fontsize=7)
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
    axes[1, 1].set_xlabel("iteration (minibatches of 100)")
    axes[1, 1].set_ylabel("cosine of hidden update with BP's")
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
    swept, ends = evidence.ran(
        name for rule in rules for name in (f"depth-{DEPTHS[-1]}-{rule}", f"relu-{rule}")
    )
    usual, _ = evidence.ran(rules)
    caption(
        figure, evidence.protocol, [], ends,
        note=f"Not in the paper. {_pointed([*swept, *usual])} The paper's network (3 layers of "
        f"{WIDTH} tanh units, MNIST) has {_listed(usual)} seeds; bands: 95 % t intervals of "
        "these. Cross: runs that diverged.",
    )  # fmt: skip
    return save(figure, folder, "beyond")


def _listed(numbers: Iterable[int]) -> str:
    """1, 2 and 3."""
    *some, last = map(str, sorted(set(numbers)))
    return f"{', '.join(some)} and {last}" if some else last


def _sweep(axis: Axes, evidence: Evidence, what: str, values: tuple[int, ...], rule: str) -> None:
    usual = {"depth": DEPTH, "width": WIDTH}[what]
    names = [rule if v == usual else f"{what}-{v}-{rule}" for v in values]
    found = [(v, evidence.values(n, "test_accuracy")) for v, n in zip(values, names, strict=True)]
    found = [(v, accuracies) for v, accuracies in found if accuracies]
    for v, accuracies in found:
        points(axis, v, accuracies, **LINES[rule])
    axis.plot([v for v, _ in found], [np.mean(a) for _, a in found], linewidth=0.8, **LINES[rule])


def _last(evidence: Evidence, experiment: str) -> int:
    epochs, _ = evidence.curve(experiment, "test_accuracy")
    return int(epochs[-1]) if len(epochs) else 0
