"""Figures 2 to 4 of the local STDP paper with our runs, and what lies beyond them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from apical.papers.local_stdp.experiments import (
    ATTACKED,
    DIGITS,
    EPSILONS,
    FASHION,
    KIND_PAIRS,
    KIND_PER_CLASS,
    KINDS,
    MATRIX,
    OURS,
    PAIRS,
    PER_CLASS,
    RULES,
    TEN,
    TEN_CLASSES,
)
from apical.papers.local_stdp.tables import (
    KIND_NAMES,
    SUCCESS,
    TEN_NAMES,
    write_attacks,
    write_masking,
    write_success,
)
from apical.report.axes import band, caption
from apical.report.saving import save
from apical.report.style import PALETTE, REFERENCE, look
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.rules.associative_stdp import Corrected, Hebbian

LINES: dict[str, dict[str, Any]] = {
    "stdp": {"color": PALETTE[0], "label": "STDP (paper)"},
    "bp": {"color": REFERENCE, "label": "BP"},
    "wide": {"color": PALETTE[4], "label": "STDP, eps 1e-2 (remedy)"},
}
TEN_LINES: dict[str, dict[str, Any]] = {
    name: {"label": TEN_NAMES[name], **style}
    for name, style in {
        "ten-bp": {"color": REFERENCE},
        "ten-stdp": {"color": PALETTE[0]},
        "ten-wide-balanced": {"color": PALETTE[4]},
        "ten-wide-balanced-deep": {"color": PALETTE[4], "linestyle": "--"},
    }.items()
}


SEEDS_AND_MEAN = [
    Line2D([], [], color="#444444", linewidth=0.5, label="test, each seed"),
    Line2D([], [], color="#444444", label="test, mean"),
    Line2D([], [], color="#444444", linestyle=":", label="training, mean"),
]
RUNNING = "Training accuracy is the running one: each minibatch's before its update, averaged."


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """Every figure and table whose runs are there; the files."""
    paths = []
    with look():
        paths += _learning(evidence, folder)
        paths += _learning_irises(evidence, folder)
        paths += _robustness(evidence, folder)
        paths += _curves(folder)
        paths += _matrix(evidence, folder)
        paths += _beyond(evidence, folder)
        paths += _kinds(evidence, folder)
    writers = (write_success, write_masking, write_attacks)
    return [*paths, *(write(evidence, folder) for write in writers)]


def _told(figure: Figure, evidence: Evidence, names: Iterable[str], note: str) -> None:
    """A caption for figures whose seeds are all shown, each by itself."""
    seeds, epochs = evidence.ran(names)
    n = " or ".join(str(count) for count in sorted(set(seeds)))
    each = "One seed of each." if n == "1" else f"n = {n} seeds of each."
    caption(figure, evidence.protocol, [], epochs, note=f"{each} {note}")


def _title(pair: str) -> str:
    data, classes = pair.split("-")
    return f"{ {'iris': 'iris', 'mnist': 'MNIST'}[data] } {classes.replace('v', ' vs ')}"


def _pairs(evidence: Evidence, data: str) -> list[str]:
    """The pairs of a data set that have run."""
    return [p for p in PAIRS if p.startswith(data) and evidence.runs(f"{p}-stdp")]


def _learning(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 2, digits: accuracy against epochs, every seed thin and their mean thick."""
    pairs = _pairs(evidence, "mnist")
    if not pairs:
        return []
    figure, axes = plt.subplots(1, len(pairs), figsize=(8.2, 3.1), sharey=True, squeeze=False)
    for axis, pair in zip(axes[0], pairs, strict=True):
        for name in RULES:
            _seeds_and_mean(axis, evidence, f"{pair}-{name}", LINES[name]["color"])
        axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axis.set(xlabel="epoch", ylim=(0.3, 1.01))
        axis.set_title(_title(pair), fontsize=9)
    axes[0, 0].set_ylabel("accuracy")
    rules = [Line2D([], [], **LINES[name]) for name in RULES]
    figure.legend(handles=[*rules, *SEEDS_AND_MEAN], loc="outside upper center", ncols=3)
    _told(figure, evidence, [f"{pair}-{name}" for pair in pairs for name in RULES], note=RUNNING)
    return save(figure, folder, "figure-2")


def _learning_irises(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 2, irises: a row for each rule, since their curves cross over and over."""
    pairs = _pairs(evidence, "iris")
    if not pairs:
        return []
    figure, axes = plt.subplots(
        len(RULES), len(pairs), figsize=(8.2, 6.4), sharex=True, sharey=True, squeeze=False
    )
    for row, name in zip(axes, RULES, strict=True):
        for axis, pair in zip(row, pairs, strict=True):
            _seeds_and_mean(axis, evidence, f"{pair}-{name}", LINES[name]["color"])
            axis.axhline(0.5, color="grey", linestyle="--", linewidth=0.8)
        row[0].set_ylabel(f"{LINES[name]['label']}\n\naccuracy", fontsize=8)
    for axis, pair in zip(axes[0], pairs, strict=True):
        axis.set_title(_title(pair), fontsize=9)
        axis.set_ylim(-0.02, 1.02)
    for axis in axes[-1]:
        axis.set_xlabel("epoch (two batches of 40)")
    chance = Line2D([], [], color="grey", linestyle="--", linewidth=0.8, label="chance")
    figure.legend(handles=[*SEEDS_AND_MEAN, chance], loc="outside upper center", ncols=4)
    names = [f"{pair}-{name}" for pair in pairs for name in RULES]
    _told(figure, evidence, names, note=f"20 test flowers, so steps of .05. {RUNNING}")
    return save(figure, folder, "figure-2-iris")


def _seeds_and_mean(axis: Axes, evidence: Evidence, experiment: str, colour: str) -> None:
    epochs, test = evidence.curve(experiment, "test_accuracy")
    if not len(epochs):
        return
    axis.plot(epochs, test.T, color=colour, linewidth=0.5, alpha=0.45)
    axis.plot(epochs, test.mean(axis=0), color=colour)
    # Epoch 0 has no running training accuracy.
    epochs, train = evidence.curve(experiment, "train_accuracy", first=1)
    axis.plot(epochs, train.mean(axis=0), color=colour, linestyle=":")


def _robustness(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 3: accuracy of the networks of the best validation epoch under FGSM, and under all
    attacks together, against eps."""
    pairs = [p for p in PAIRS if evidence.stored(f"{p}-stdp", "attacks.json", "chance")]
    if not pairs:
        return []
    x = np.array([0, *(255 * eps.size for eps in EPSILONS)])
    rows = -(-len(pairs) // 4)
    figure, axes = plt.subplots(rows, 4, figsize=(8.2, 2.2 * rows + 1.1), squeeze=False)
    for axis in axes.flat[len(pairs) :]:
        axis.set_visible(False)
    for axis, pair in zip(axes.flat, pairs, strict=False):
        for name, style in LINES.items():
            for attack, line in (("fgsm", "-"), ("worst", "--")):
                metrics = [f"{attack}.{eps.text}" for eps in EPSILONS]
                columns = [
                    evidence.values(f"{pair}-{name}", f"attacks:accuracy.{metric}")
                    for metric in ("clean.0", *metrics)
                ]
                if columns[0]:
                    form = {"color": style["color"], "linestyle": line, "clip_on": False}
                    band(axis, x, np.array(columns).T, **form)
        axis.set_xticks(x)
        axis.set_ylim(max(axis.get_ylim()[0], 0), 1)
        axis.set_title(_title(pair), fontsize=9)
    for axis in axes[:, 0]:
        axis.set_ylabel("test accuracy")
    for axis in axes[-1]:
        axis.set_xlabel("eps (1/255 of the range)", fontsize=8)
    rules = [Line2D([], [], **style) for style in LINES.values()]
    fgsm = Line2D([], [], color="#444444", label="FGSM")
    worst = Line2D([], [], color="#444444", linestyle="--", label="all attacks together")
    figure.legend(handles=[*rules, fgsm, worst], loc="outside upper center", ncols=5)
    ran = evidence.ran(f"{pair}-{name}" for pair in pairs for name in RULES)
    caption(
        figure, evidence.protocol, *ran,
        note="Networks of the best validation epoch. Bands are cut at 0 and 1. Scales differ. A "
        f"dashed line that is not seen lies on the solid one. {ATTACKED} test images, or all 20 "
        "flowers.",
    )  # fmt: skip
    return save(figure, folder, "figure-3")


def _curves(folder: Path) -> list[Path]:
    """Figure 4: the rule's own curves against the difference of spike times, through the pole."""
    T_pre = 2.0
    dT = np.linspace(-1, 6, 2801)
    figure, (near, whole) = plt.subplots(1, 2, figsize=(8.2, 3.2))
    curves = (
        (Corrected(), {"color": PALETTE[0], "label": "equation 6, eps 1e-9 (paper's rule)"}),
        (Corrected(eps=1e-2), {"color": PALETTE[4], "label": "equation 6, eps 1e-2 (remedy)"}),
        (Hebbian(), {"color": PALETTE[0], "linestyle": ":", "label": "equation 5"}),
    )
    for curve, style in curves:
        change = np.asarray(curve(1 / T_pre, 1 / (T_pre + dT)))
        near.plot(dT[dT <= 1], change[dT <= 1], **style)
        whole.plot(dT, change, **style)
    near.set_title("near zero", fontsize=9)
    near.set_xticks([-1, -0.5, 0, 0.5, 1])
    whole.set_title("through the pole, linear below .01, then logarithmic", fontsize=9)
    whole.set_yscale("symlog", linthresh=0.01)
    whole.set_yticks([-0.1, 0, 0.1, 10, 1e3, 1e5, 1e7])
    whole.axvline(T_pre, color="grey", linestyle="--", linewidth=0.8)
    whole.annotate("pole: $p = x/2$", (T_pre, 1e7), (2.3, 1e6), fontsize=8)
    for axis in (near, whole):
        axis.axhline(0, color="grey", linewidth=0.6)
        axis.axvline(0, color="grey", linewidth=0.6)
        axis.set_xlabel(r"$\Delta T = T_{post} - T_{pre}$, at $T_{pre} = 2$ (1 / rate)")
        axis.set_ylabel(r"$\Delta W$ for $Z = s = 1$")
    figure.legend(*whole.get_legend_handles_labels(), loc="outside upper center", ncols=3)
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
                form: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 5.5}
                axis.text(column, row, f"{value:.0f}", color=colour, **form)
        ended = sum(cells[b, a] >= SUCCESS for a, b in DIGITS)
        title = f"{LINES[name]['label']}\n{ended} of {len(DIGITS)} pairs end at {SUCCESS:g} or more"
        axis.set_title(title, fontsize=9)
        axis.set_xticks(range(10))
        axis.set_yticks(range(10))
        axis.set_xlabel("one digit of the pair")
        axis.grid(visible=False)
    axes[0].set_ylabel("the other digit")
    figure.colorbar(image, ax=axes, label="test accuracy (%), rounded", shrink=0.8)
    names = [f"matrix-{a}v{b}-{name}" for a, b in DIGITS for name in OURS]
    _told(
        figure, evidence, names,
        note=f"{PER_CLASS} training images of each class. Below the diagonal: after the last "
        "epoch; above it: at the best validation epoch.",
    )  # fmt: skip
    return save(figure, folder, "matrix")


def _beyond(evidence: Evidence, folder: Path) -> list[Path]:
    """Fashion-MNIST pairs, and ten digits at once."""
    if not evidence.runs(next(iter(TEN_CLASSES))):
        return []
    figure, (fashion, ten) = plt.subplots(1, 2, figsize=(8.2, 3.8))
    for shift, (name, style) in zip((-0.25, 0, 0.25), LINES.items(), strict=True):
        for x, (a, b) in enumerate(FASHION):
            _ends(fashion, x + shift, evidence, f"fashion-{a}v{b}-{name}", style["color"])
    fashion.set_xticks(range(len(FASHION)), [f"{a} vs {b}" for a, b in FASHION])
    fashion.set_ylim(top=1.002)
    fashion.set_ylabel("test accuracy, each seed")
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
    pairs, tens = (
        max(evidence.ran(names)[0], default=0)
        for names in ([f"fashion-{a}v{b}-stdp" for a, b in FASHION], TEN_LINES)
    )
    _, ran = evidence.ran([*(f"fashion-{a}v{b}-stdp" for a, b in FASHION), *TEN_LINES])
    caption(
        figure, evidence.protocol, [], ran,
        note=f"Left: {pairs} seeds of each, {MATRIX.epochs} epochs. Right: {tens} seeds of each, "
        f"{TEN.epochs} epochs of {TEN.steps_per_epoch} batches; many lie on one another. The "
        "remedy and the construction for ten digits are ours.",
    )  # fmt: skip
    return save(figure, folder, "beyond")


def _kinds(evidence: Evidence, folder: Path) -> list[Path]:
    """The rule on fully connected, locally connected and convolutional first layers."""
    named = {f"{data}-{a}v{b}": (data, a, b) for data, (a, b) in KIND_PAIRS}
    names = [name for name in named if evidence.runs(f"dense-{name}-stdp")]
    if not names:
        return []
    figure, axes = plt.subplots(1, len(names), figsize=(8.2, 3.1), sharey=True, squeeze=False)
    for axis, pair in zip(axes.flat, names, strict=True):
        for shift, (name, style) in zip((-0.25, 0, 0.25), LINES.items(), strict=True):
            for x, kind in enumerate(KINDS):
                values = evidence.values(f"{kind}-{pair}-{name}", AT_BEST_VALIDATION)
                form: dict[str, Any] = {"color": style["color"], "ms": 4, "alpha": 0.7}
                axis.plot([x + shift] * len(values), values, "o", **form)
        axis.axhline(0.5, color="grey", linestyle=":", linewidth=0.8)
        axis.set_xticks(
            range(len(KINDS)), [KIND_NAMES[kind].replace(" ", "\n") for kind in KINDS], fontsize=7
        )
        data, a, b = named[pair]
        axis.set_title(f"{ {'mnist': 'MNIST', 'fashion': 'Fashion'}[data] } {a} vs {b}", fontsize=8)
    axes.flat[0].set_ylim(0, 1.02)
    axes.flat[0].set_ylabel("test accuracy of each seed\nat best validation")
    chance = Line2D([], [], color="grey", linestyle=":", linewidth=0.8, label="chance")
    handles = [*(Line2D([], [], **style) for style in LINES.values()), chance]
    figure.legend(handles=handles, fontsize=7.5, loc="outside upper center", ncols=4)
    seeds, epochs = evidence.ran(f"{k}-{pair}-{n}" for k in KINDS for pair in names for n in LINES)
    caption(
        figure, evidence.protocol, [], epochs,
        note=f"A point is one of {max(seeds)} seeds; where fewer are seen they lie on one "
        f"another. {KIND_PER_CLASS} training images of each class.",
    )  # fmt: skip
    return save(figure, folder, "kinds")


def _ends(axis: Axes, x: float, evidence: Evidence, experiment: str, colour: str) -> None:
    """Each seed's test accuracy after the last epoch, filled, and at the best validation epoch."""
    for metric, face, offset in (
        ("test_accuracy", colour, -0.05),
        (AT_BEST_VALIDATION, "white", 0.05),
    ):
        values = evidence.values(experiment, metric)
        axis.plot([x + offset] * len(values), values, "o", color=colour, mfc=face, ms=3.5)


def _ends_explained() -> list[Line2D]:
    handles = [Line2D([], [], **style) for style in LINES.values()]
    for face, label in (("#444444", "left: last epoch"), ("white", "left: best validation epoch")):
        handles.append(
            Line2D([], [], color="#444444", marker="o", ms=4, mfc=face, linestyle="", label=label)
        )
    return handles
