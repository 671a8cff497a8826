"""Figures 2 to 4 of the local STDP paper with our runs, and what lies beyond them."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from apical.papers.local_stdp.experiments import (
    DIGITS,
    EPSILONS,
    FASHION,
    KIND_PAIRS,
    KINDS,
    OURS,
    PAIRS,
    RULES,
    TEN,
    TEN_CLASSES,
)
from apical.papers.local_stdp.tables import write_attacks, write_masking, write_success
from apical.report.axes import band
from apical.report.saving import save
from apical.report.style import PALETTE, REFERENCE, look
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.rules.associative_stdp import Corrected, Hebbian
from apical.runs.statistics import mean_and_half_width

LINES: dict[str, dict[str, Any]] = {
    "stdp": {"color": PALETTE[0], "label": "STDP (paper)"},
    "bp": {"color": REFERENCE, "label": "BP"},
    "wide": {"color": PALETTE[4], "label": "STDP, eps 1e-2 (remedy)"},
}
TEN_LINES: dict[str, dict[str, Any]] = {
    "ten-bp": {"color": REFERENCE, "label": "BP"},
    "ten-stdp": {"color": PALETTE[0], "label": "STDP (paper's curve)"},
    "ten-wide-balanced": {"color": PALETTE[2], "label": "eps 1e-2, rest 1/9"},
    "ten-wide-balanced-deep": {
        "color": PALETTE[2],
        "linestyle": "--",
        "label": "the same, two hidden layers",
    },
}


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """Every figure and table whose runs are there; the files."""
    paths = []
    with look():
        paths += _learning(evidence, folder)
        paths += _robustness(evidence, folder)
        paths += _curves(folder)
        paths += _matrix(evidence, folder)
        paths += _beyond(evidence, folder)
        paths += _kinds(evidence, folder)
    writers = (write_success, write_masking, write_attacks)
    return [*paths, *(write(evidence, folder) for write in writers)]


def _title(pair: str) -> str:
    data, classes = pair.split("-")
    return f"{ {'iris': 'iris', 'mnist': 'MNIST'}[data] } {classes.replace('v', ' vs ')}"


def _panels(evidence: Evidence) -> tuple[Any, dict[str, Axes]]:
    """A panel for each pair that has run."""
    pairs = [pair for pair in PAIRS if evidence.runs(f"{pair}-stdp")]
    rows = -(-len(pairs) // 4)
    figure, axes = plt.subplots(
        rows, min(4, len(pairs)), figsize=(8.2, 2.1 * rows + 0.8), squeeze=False
    )
    for axis in axes.flat[len(pairs) :]:
        axis.set_visible(False)
    named = dict(zip(pairs, axes.flat, strict=False))
    for pair, axis in named.items():
        axis.set_title(_title(pair), fontsize=9)
    return figure, named


def _learning(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 2: accuracy against epochs, every seed thin and their mean thick."""
    if not any(evidence.runs(f"{pair}-stdp") for pair in PAIRS):
        return []
    figure, panels = _panels(evidence)
    for pair, axis in panels.items():
        for name in RULES:
            epochs, test = evidence.curve(f"{pair}-{name}", "test_accuracy")
            if len(epochs):
                colour = LINES[name]["color"]
                axis.plot(epochs, test.T, color=colour, linewidth=0.5, alpha=0.35)
                axis.plot(epochs, test.mean(axis=0), color=colour)
                # Epoch 0 has no running training accuracy.
                epochs, train = evidence.curve(f"{pair}-{name}", "train_accuracy", first=1)
                axis.plot(epochs, train.mean(axis=0), color=colour, linestyle=":")
        axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axis.set_ylim(top=1.01)
    for axis in list(panels.values())[::4]:
        axis.set_ylabel("accuracy")
    for axis in list(panels.values())[-4:]:
        axis.set_xlabel("epoch")
    thin = Line2D([], [], color="#444444", linewidth=0.5, label="test, each seed")
    mean = Line2D([], [], color="#444444", label="test, mean")
    running = Line2D([], [], color="#444444", linestyle=":", label="train, mean")
    rules = [Line2D([], [], **style) for style in LINES.values()]
    figure.legend(handles=[*rules, thin, mean, running], loc="outside upper center", ncols=3)
    return save(figure, folder, "figure-2")


def _robustness(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 3: accuracy of the networks of the best validation epoch under FGSM, and under all
    attacks together, against eps."""
    if not any(evidence.stored(f"{pair}-stdp", "attacks.json", "chance") for pair in PAIRS):
        return []
    x = np.array([0, *(255 * eps.size for eps in EPSILONS)])
    figure, panels = _panels(evidence)
    for pair, axis in panels.items():
        for name, style in LINES.items():
            for attack, line in (("fgsm", "-"), ("worst", "--")):
                metrics = [f"{attack}.{eps.text}" for eps in EPSILONS]
                columns = [
                    evidence.values(f"{pair}-{name}", f"attacks:accuracy.{metric}")
                    for metric in ("clean.0", *metrics)
                ]
                if columns[0]:
                    values = np.array(columns).T
                    band(axis, x, values, color=style["color"], linestyle=line)
        axis.set_xticks(x)
    for axis in list(panels.values())[::4]:
        axis.set_ylabel("test accuracy")
    for axis in list(panels.values())[-4:]:
        axis.set_xlabel("eps, 1/255")
    rules = [Line2D([], [], **style) for style in LINES.values()]
    fgsm = Line2D([], [], color="#444444", label="FGSM")
    worst = Line2D([], [], color="#444444", linestyle="--", label="all attacks together")
    figure.legend(handles=[*rules, fgsm, worst], loc="outside upper center", ncols=5)
    return save(figure, folder, "figure-3")


def _curves(folder: Path) -> list[Path]:
    """Figure 4: the rule's own curves against the difference of spike times."""
    T_pre = 2.0
    dT = np.linspace(-0.9, 0.9, 361)
    figure, axis = plt.subplots(figsize=(4, 2.8))
    for curve, line, label in (
        (Corrected(), "-", "equation 6, used"),
        (Hebbian(), ":", "equation 5"),
    ):
        change = np.asarray(curve(1 / T_pre, 1 / (T_pre + dT)))
        axis.plot(dT, change, line, color=PALETTE[0], label=label)
    axis.axhline(0, color="grey", linewidth=0.6)
    axis.axvline(0, color="grey", linewidth=0.6)
    axis.set_xlabel(r"$\Delta T = T_{post} - T_{pre}$, at $T_{pre} = 2$")
    axis.set_ylabel(r"$\Delta W$")
    axis.legend()
    return save(figure, folder, "figure-4")


def _matrix(evidence: Evidence, folder: Path) -> list[Path]:
    """All pairs of digits: after the last epoch below the diagonal, at the best above it."""
    if not evidence.runs("matrix-8v9-stdp"):
        return []
    figure, axes = plt.subplots(1, len(OURS), figsize=(7.4, 4.2), sharey=True)
    for axis, name in zip(axes, OURS, strict=True):
        cells = np.full((10, 10), np.nan)
        for a, b in DIGITS:
            for row, column, metric in ((b, a, "test_accuracy"), (a, b, AT_BEST_VALIDATION)):
                found = evidence.values(f"matrix-{a}v{b}-{name}", metric)
                cells[row, column] = np.mean(found) if found else np.nan
        image = axis.imshow(100 * cells, cmap="viridis", vmin=50, vmax=100)
        for (row, column), value in np.ndenumerate(100 * cells):
            if np.isfinite(value):
                colour = "black" if value > 80 else "white"
                text = f"{value:.0f}" if value < 99.5 else "••"
                axis.text(column, row, text, ha="center", va="center", fontsize=5.5, color=colour)
        axis.set_title(LINES[name]["label"], fontsize=9)
        axis.set_xticks(range(10))
        axis.set_yticks(range(10))
        axis.grid(visible=False)
    figure.colorbar(image, ax=axes, label="test accuracy (%); •• is 99.5 or more", shrink=0.8)
    figure.suptitle(
        "below the diagonal: after the last epoch; above it: at the best validation epoch",
        fontsize=8,
    )
    return save(figure, folder, "matrix")


def _beyond(evidence: Evidence, folder: Path) -> list[Path]:
    """Fashion-MNIST pairs, and ten digits at once."""
    if not evidence.runs(next(iter(TEN_CLASSES))):
        return []
    figure, (fashion, ten) = plt.subplots(1, 2, figsize=(8.2, 3.4))
    for shift, (name, style) in zip((-0.2, 0, 0.2), LINES.items(), strict=True):
        for x, (a, b) in enumerate(FASHION):
            _ends(fashion, x + shift, evidence, f"fashion-{a}v{b}-{name}", style["color"])
    fashion.set_xticks(range(len(FASHION)), [f"{a} vs {b}" for a, b in FASHION])
    fashion.set_ylim(top=1.005)
    fashion.set_ylabel("test accuracy")
    fashion.set_xlabel("Fashion-MNIST classes")
    figure.legend(handles=_ends_explained(), fontsize=7.5, loc="outside upper left", ncols=3)
    for name, style in TEN_LINES.items():
        epochs, curves = evidence.curve(name, "test_accuracy")
        batches = epochs * (TEN.steps_per_epoch or 1)
        for seed, curve in enumerate(curves):
            ten.plot(batches, curve, lw=0.8, **(style if seed == 0 else {**style, "label": None}))
    ten.set_ylim(0, 1)
    ten.set_xlabel("batches of 100")
    ten.set_ylabel("test accuracy, ten digits, each seed")
    ten.legend(fontsize=7, loc="center right")
    return save(figure, folder, "beyond")


def _kinds(evidence: Evidence, folder: Path) -> list[Path]:
    """The rule on fully connected, locally connected and convolutional first layers."""
    named = {f"{data}-{a}v{b}": (data, a, b) for data, (a, b) in KIND_PAIRS}
    names = [name for name in named if evidence.runs(f"dense-{name}-stdp")]
    if not names:
        return []
    figure, axes = plt.subplots(1, len(names), figsize=(8.2, 2.6), sharey=True, squeeze=False)
    for axis, pair in zip(axes.flat, names, strict=True):
        for shift, (name, style) in zip((-0.25, 0, 0.25), LINES.items(), strict=True):
            for x, kind in enumerate(KINDS):
                values = evidence.values(f"{kind}-{pair}-{name}", AT_BEST_VALIDATION)
                form: dict[str, Any] = {"color": style["color"], "ms": 4, "alpha": 0.7}
                axis.plot([x + shift] * len(values), values, "o", **form)
        axis.axhline(0.5, color="grey", linestyle=":", linewidth=0.8)
        axis.set_xticks(range(len(KINDS)), list(KINDS))
        data, a, b = named[pair]
        axis.set_title(f"{ {'mnist': 'MNIST', 'fashion': 'Fashion'}[data] } {a} vs {b}", fontsize=8)
    axes.flat[0].set_ylim(0, 1.02)
    axes.flat[0].set_ylabel("test accuracy of each seed\nat best validation")
    chance = Line2D([], [], color="grey", linestyle=":", linewidth=0.8, label="chance")
    handles = [*(Line2D([], [], **style) for style in LINES.values()), chance]
    figure.legend(handles=handles, fontsize=7.5, loc="outside upper center", ncols=4)
    return save(figure, folder, "kinds")


def _ends(axis: Axes, x: float, evidence: Evidence, experiment: str, colour: str) -> None:
    """Test accuracy after the last epoch, filled, and at the best validation epoch, open."""
    for metric, face, offset in (
        ("test_accuracy", colour, -0.04),
        (AT_BEST_VALIDATION, "white", 0.04),
    ):
        values = evidence.values(experiment, metric)
        if values:
            mean, half = mean_and_half_width(np.array(values))
            form: dict[str, Any] = {"color": colour, "mfc": face, "ms": 4, "capsize": 2}
            axis.errorbar(x + offset, mean, yerr=half, fmt="o", elinewidth=0.8, **form)


def _ends_explained() -> list[Line2D]:
    handles = [Line2D([], [], **style) for style in LINES.values()]
    for face, label in (("#444444", "last epoch"), ("white", "best validation")):
        handles.append(
            Line2D([], [], color="#444444", marker="o", ms=4, mfc=face, linestyle="", label=label)
        )
    return handles
