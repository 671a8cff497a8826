"""Figures 2, 4, 5 and 8 of the target propagation study, and its autoencoders, with our runs."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from apical.papers.target_propagation import searched
from apical.papers.target_propagation.experiments import FEATURES
from apical.papers.target_propagation.methods import METHODS
from apical.papers.target_propagation.networks import SETUPS
from apical.papers.target_propagation.reconstructions import reconstructions
from apical.papers.target_propagation.step_size import damping
from apical.papers.target_propagation.style import COLOURS, LINES, MARKS, family_and_way
from apical.papers.target_propagation.tables import printed_errors, table_1
from apical.report.axes import band, by_decades, error_percent
from apical.report.saving import save
from apical.report.style import look
from apical.reproduce.evidence import Evidence
from apical.runs.writing import write_whole

TITLES = {
    "mnist-fc": "MNIST, fully connected",
    "mnist-lc": "MNIST, locally connected",
    "cifar-fc": "CIFAR-10, fully connected",
    "cifar-lc": "CIFAR-10, locally connected",
}
KINDS: dict[Any, str] = {
    "-": "in turns (or no inverses)",
    ":": "in parallel",
    "--": "convolutional",
}
HOLLOW: dict[str, Any] = {"markersize": 4, "markerfacecolor": "none"}


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """Every figure whose runs are there, and Table 1; the files."""
    with look():
        paths = [
            *_curves(evidence, folder),
            *_auxiliary(evidence, folder),
            *_sensitivity(folder),
            *damping(evidence, folder),
            *reconstructions(evidence, folder),
        ]
    table = folder / "table-1.md"
    write_whole(table, table_1(evidence))
    return [*paths, table]


def _curves(evidence: Evidence, folder: Path) -> list[Path]:
    """Figures 2 and 8: error on training and test set against epochs, and where the paper ends."""
    shown = [s for s in SETUPS if any(evidence.runs(f"{s}-{m}") for m in METHODS)]
    if not shown:
        return []
    figure, axes = plt.subplots(
        2, len(shown), figsize=(max(5.2, 2.6 * len(shown) + 0.6), 4.6), sharex="col", squeeze=False
    )
    run: set[str] = set()
    for (above, below), setup in zip(axes.T, shown, strict=True):
        drawn = _errors_by_epoch(above, evidence, setup, "train_accuracy")
        _errors_by_epoch(below, evidence, setup, "test_accuracy")
        _ends_of_the_paper(below, setup, drawn)
        above.set_title(TITLES[setup], fontsize=9)
        below.set_xlabel("epoch")
        run |= drawn
    axes[0, 0].set_ylabel("training error (%)")
    axes[1, 0].set_ylabel("test error (%)")
    figure.legend(handles=_legend(run), loc="outside upper center", ncols=5, fontsize=8)
    return save(figure, folder, "figure-2")


def _errors_by_epoch(axis: Axes, evidence: Evidence, setup: str, metric: str) -> set[str]:
    """A line for every method that has run; the methods."""
    drawn, lowest = set(), np.inf
    for method in METHODS:
        epochs, accuracies = evidence.curve(f"{setup}-{method}", metric, first=1)
        if len(epochs):
            family, way = family_and_way(method)
            errors = error_percent(accuracies)
            band(axis, epochs, errors, color=COLOURS[family], linestyle=LINES[way])
            drawn.add(method)
            lowest = min(lowest, errors.mean(axis=0).min())
    by_decades(axis, 0.7 * lowest)
    axis.tick_params(which="both", labelsize=7)
    return drawn


def _ends_of_the_paper(axis: Axes, setup: str, methods: set[str]) -> None:
    """Test errors of Table 1 as marks at the right."""
    printed = {m: float(e["test"]) for m, e in printed_errors(setup).items() if m in methods}
    for method, error in printed.items():
        family, way = family_and_way(method)
        axis.plot(
            1.03, error, color=COLOURS[family], marker=MARKS[LINES[way]], **HOLLOW,
            transform=axis.get_yaxis_transform(), clip_on=False,
        )  # fmt: skip
    axis.set_ylim(bottom=min(axis.get_ylim()[0], 0.9 * min(printed.values())))


def _legend(methods: set[str]) -> list[Line2D]:
    families, ways = map(set, zip(*map(family_and_way, methods), strict=True))
    return [
        *(
            Line2D([], [], color=colour, label=family.upper())
            for family, colour in COLOURS.items()
            if family in families
        ),
        *(
            Line2D(
                [], [], color="#666666", linestyle=line, label=text,
                marker=MARKS[line], **HOLLOW,
            )
            for line, text in KINDS.items()
            if line in {LINES[way] for way in ways}
        ),
    ]  # fmt: skip


def _auxiliary(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 4: the size of the auxiliary output."""
    sizes = [n for n in (0, *FEATURES) if evidence.runs(f"features-{n}")]
    if not sizes:
        return []
    figure, axis = plt.subplots(figsize=(4.2, 3))
    for split, colour in (("train", "#888888"), ("test", "#D55E00")):
        errors = [
            100 * (1 - np.mean(evidence.values(f"features-{n}", f"{split}_accuracy")))
            for n in sizes
        ]
        axis.plot(range(len(sizes)), errors, "o-", color=colour, label=split, ms=4)
    axis.set_xticks(range(len(sizes)), ["none\n(SDTP)" if n == 0 else str(n) for n in sizes])
    axis.set(xlabel="auxiliary features", ylabel="error (%)", ylim=(0, None))
    axis.legend()
    return save(figure, folder, "figure-4")


def _sensitivity(folder: Path) -> list[Path]:
    """Figure 5: validation error of every draw of the searches on one network."""
    drawn = {method: _errors(method) for method in searched.methods("mnist-fc")}
    methods = [name for name in drawn if name in METHODS]
    if not methods:
        return []
    names = sorted(drawn, key=lambda name: (name not in METHODS, name))
    figure, axis = plt.subplots(figsize=(6, 0.4 * len(names) + 1))
    for row, name in enumerate(names):
        errors = drawn[name]
        colour = COLOURS[family_and_way(name.partition("-undamped")[0])[0]]
        finished = errors[~np.isnan(errors)]
        axis.plot(finished, np.full(len(finished), row), "o", color=colour, ms=4, alpha=0.6)
        axis.plot(finished.min(), row, "|", color=colour, ms=14, mew=2)
    axis.set_yticks(range(len(names)), [_with_divergence(name, drawn[name]) for name in names])
    axis.invert_yaxis()
    axis.set(xscale="log", xlabel="best validation error of a draw (%)")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter("{x:g}")
    axis.tick_params(axis="x", which="both", labelsize=7)
    return save(figure, folder, "figure-5")


def _errors(method: str) -> np.ndarray:
    """Validation errors in per cent; nan for what diverged."""
    return np.array([100 * (1 - trial.score) for trial in searched.trials("mnist-fc", method)])


def _with_divergence(name: str, errors: np.ndarray) -> str:
    lost = int(np.isnan(errors).sum())
    return f"{name} ({lost} of {len(errors)} diverged)" if lost else name
