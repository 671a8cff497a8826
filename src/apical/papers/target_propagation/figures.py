"""Figures 2 to 5 and 8 of the target propagation study, and its autoencoders, with our runs."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from apical.papers.target_propagation.draws import sensitivity
from apical.papers.target_propagation.experiments import FEATURES
from apical.papers.target_propagation.imagenet import figure_3, table_2
from apical.papers.target_propagation.methods import DAMPED, METHODS
from apical.papers.target_propagation.networks import EPOCHS, TABLE_1
from apical.papers.target_propagation.reconstructions import reconstructions
from apical.papers.target_propagation.step_size import damping
from apical.papers.target_propagation.style import COLOURS, LINES, MARKS, SHADES, parts
from apical.papers.target_propagation.tables import printed_errors, table_1
from apical.report.axes import band, by_decades, caption, error_percent, points
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
COLUMNS = {
    "BP": ("bp", "bp-conv"),
    "FA": ("fa",),
    "DFA": ("dfa",),
    **{
        family.upper(): tuple(m for m in METHODS if parts(m).family == family)
        for family in ("dtp", "sdtp", "ao-sdtp")
    },
    "ours:\nSDTP, damped": tuple(m for m in DAMPED if parts(m).family == "sdtp"),
    "ours:\nAO-SDTP, damped": tuple(m for m in DAMPED if parts(m).family == "ao-sdtp"),
}
"""The panels of a network in Figure 2: what is ours alone has panels of its own."""
SPLITS = {"test": "figure-2", "train": "figure-2-training"}
WORDS = {"test": "test error (%)", "train": "training error (%)"}
RUNNING = (
    "Training errors are running averages of an epoch, on CIFAR-10 of cropped and flipped images; "
    "Table 1 has those of the trained network on the images as they are, which differ. "
)
KINDS: dict[Any, str] = {
    "-": "in turns (or no inverses)",
    ":": "in parallel",
    "--": "weights shared (convolutional)",
}
HOLLOW: dict[str, Any] = {"markersize": 4, "markerfacecolor": "none"}
FAINT: dict[str, Any] = {"color": "#999999", "linewidth": 1, "zorder": 1}
"""BP again, in the panels of others."""


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """Every figure whose runs are there, and Tables 1 and 2; the files."""
    with look():
        paths = [
            *_curves(evidence, folder),
            *figure_3(evidence, folder),
            *_auxiliary(evidence, folder),
            *sensitivity(folder),
            *damping(evidence, folder),
            *reconstructions(evidence, folder),
        ]
    tables = {"table-1.md": table_1(evidence), "table-2.md": table_2(evidence)}
    for name, table in tables.items():
        write_whole(folder / name, table)
    return [*paths, *(folder / name for name in tables)]


def _curves(evidence: Evidence, folder: Path) -> list[Path]:
    """Figures 2 and 8: error on test and training set against epochs, and where the paper ends.

    Small panels: a row a network, a column a family of methods.
    """
    shown = [s for s in TABLE_1 if any(evidence.runs(f"{s}-{m}") for m in METHODS | DAMPED)]
    return [path for split in SPLITS if shown for path in _panels(evidence, folder, shown, split)]


def _panels(evidence: Evidence, folder: Path, shown: list[str], split: str) -> list[Path]:
    figure, axes = plt.subplots(
        len(shown),
        len(COLUMNS),
        figsize=(1.3 * len(COLUMNS) + 0.4, 1.45 * len(shown) + 1.1),
        sharex="row",
        sharey="row",
        squeeze=False,
    )
    for row, setup in zip(axes, shown, strict=True):
        lowest = 100.0
        for axis, methods in zip(row, COLUMNS.values(), strict=True):
            lowest = min(lowest, _errors_by_epoch(axis, evidence, setup, methods, split))
        by_decades(row[0], 0.8 * lowest)
        row[0].set_ylabel(f"{TITLES[setup]}\n{WORDS[split]}", fontsize=7)
    for axis, title in zip(axes[0], COLUMNS, strict=True):
        axis.set_title(title, fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("epoch", fontsize=7)
    figure.legend(handles=_legend(), loc="outside upper center", ncols=4, fontsize=7)
    ran = evidence.ran(f"{setup}-{m}" for setup in shown for m in METHODS | DAMPED)
    caption(
        figure,
        evidence.protocol,
        *ran,
        of=EPOCHS,
        note=f"{RUNNING if split == 'train' else ''}Error axes are logarithmic; no error is drawn "
        "below 0.01 %. The paper gives one number a cell. SDTP with summed losses is that of the "
        "wide search; the narrow one's is in Table 1.",
    )
    return save(figure, folder, SPLITS[split])


def _errors_by_epoch(
    axis: Axes, evidence: Evidence, setup: str, methods: tuple[str, ...], split: str
) -> float:
    """The methods of a panel, with BP behind them; the lowest error."""
    lowest, run = 100.0, False
    for method in methods:
        epochs, accuracies = evidence.curve(f"{setup}-{method}", f"{split}_accuracy", first=1)
        if len(epochs):
            errors = error_percent(accuracies)
            band(axis, epochs, errors, **parts(method).look)
            lowest, run = min(lowest, errors.mean(axis=0).min()), True
        for error in _printed(setup, method, split):
            lowest = min(lowest, error)
            way = LINES[parts(method).way]
            axis.plot(
                1.04, error, color=COLOURS[parts(method).family], marker=MARKS[way], **HOLLOW,
                transform=axis.get_yaxis_transform(), clip_on=False,
            )  # fmt: skip
    epochs, accuracies = evidence.curve(f"{setup}-bp", f"{split}_accuracy", first=1)
    if "bp" not in methods and len(epochs):
        axis.plot(epochs, error_percent(accuracies).mean(axis=0), **FAINT)
    if not run:
        axis.text(0.5, 0.5, "not run", transform=axis.transAxes, ha="center", fontsize=7)
    axis.tick_params(which="both", labelsize=6)
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    return lowest


def _printed(setup: str, method: str, split: str) -> list[float]:
    """What Table 1 has for a method of the paper, if anything."""
    family, way, _ = parts(method)
    row = f"{family}-{way}" if way else family
    printed = printed_errors(setup).get(row) if method in METHODS else None
    return [max(float(printed[split]), 0.01)] if printed else []


def _legend() -> list[Line2D]:
    grey = "#444444"
    return [
        *(Line2D([], [], color=grey, linestyle=line, label=text) for line, text in KINDS.items()),
        Line2D([], [], **FAINT, label="BP again"),
        *(
            Line2D([], [], color=colours[family], label=f"{family.upper()}: local losses {form}")
            for family in SHADES
            for form, colours in (("summed", COLOURS), ("averaged", SHADES))
        ),
        *(
            Line2D([], [], color=grey, linestyle="", marker=MARKS[line], label=text, **HOLLOW)
            for line, text in {
                "-": "the paper: in turns (or no inverses)",
                ":": "the paper: in parallel",
                "--": "the paper: convolutional",
            }.items()
        ),
    ]


def _auxiliary(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 4: the size of the auxiliary output, of the form that was swept."""
    for form, whose in FORMS.items():
        sizes = [n for n in (0, *FEATURES) if evidence.runs(f"features-{n}-{form}")]
        if sizes:
            return _by_size(evidence, folder, form, whose, sizes)
    return []


FORMS = {"summed": "AO-SDTP to the letter", "damped": "ours: AO-SDTP, damped"}


def _by_size(
    evidence: Evidence, folder: Path, form: str, whose: str, sizes: list[int]
) -> list[Path]:
    figure, axis = plt.subplots(figsize=(4.6, 3.4))
    for split, colour in (("train", "#888888"), ("test", COLOURS["ao-sdtp"])):
        for place, size in enumerate(sizes):
            name = f"features-{size}-{form}"
            errors = 100 * (1 - np.array(evidence.values(name, f"{split}_accuracy")))
            label = WORDS[split].removesuffix(" (%)") if place == 0 else None
            points(axis, place, list(errors), color=colour, label=label)
    axis.set_xticks(range(len(sizes)), ["none\n(SDTP)" if n == 0 else str(n) for n in sizes])
    axis.set(xlabel="number of auxiliary features", ylabel="error after the last epoch (%)")
    axis.set_ylim(bottom=0)
    axis.set_title(f"{whose} (MNIST, 5 x 256, in turns)", fontsize=9)
    axis.legend()
    _, epochs = evidence.ran(f"features-{size}-{form}" for size in sizes)
    note = "An open point is a single seed. Training errors are running averages of an epoch."
    caption(figure, evidence.protocol, seeds=[], epochs=epochs, of=EPOCHS, note=note)
    return save(figure, folder, "figure-4")
