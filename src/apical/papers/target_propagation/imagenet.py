"""Table 2 and Figure 3: top-1 and top-5 errors on ImageNet, and on parts of it, ours apart."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from apical.papers.target_propagation.experiments import ON_IMAGENET, ON_PARTS
from apical.papers.target_propagation.methods import searched_as
from apical.papers.target_propagation.networks import EPOCHS
from apical.papers.target_propagation.style import COLOURS, LINES, MARKS, parts
from apical.report.axes import band, caption
from apical.report.saving import save
from apical.reproduce.evidence import Evidence
from apical.reproduce.tables import mean_and_interval

METHODS = {"imagenet": ON_IMAGENET} | ON_PARTS
"""What runs on each network, by the name of its setup."""
TITLES = {
    "imagenet": "ImageNet",
    "tiny-imagenet-part-third-width": "part of Tiny-ImageNet, 64 x 64,\na third of the channels",
    "imagenette-part": "part of Imagenette, 224 x 224",
}
TOPS = {"top-1": "accuracy", "top-5": "top5_accuracy"}
"""The name of each score among a run's metrics."""


def table_2(evidence: Evidence) -> str:
    """Markdown: a row a network and method, errors in per cent."""
    rows = []
    for setup, methods in METHODS.items():
        for method in methods:
            printed = _printed(method) if setup == "imagenet" else None
            rows.append(_row(evidence, setup, method, printed))
    return "\n".join(
        [
            "Table 2. Top-1 / top-5 errors in per cent on ImageNet's network, the mean of n seeds "
            "and its 95 % interval where there are several. The paper's are ImageNet's, one number "
            "a method; the parts of data sets here are no ImageNet, and their errors are not to be "
            "compared with the paper's. `rate`: `searched` on validation, or `Table 5`. Of ten "
            "classes no top-5 error is told.",
            "",
            "| network | method | rate | epochs | n | train, last | test at best validation "
            "| test, last | the paper: test |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(evidence: Evidence, setup: str, method: str, printed: dict[str, str] | None) -> str:
    name = f"{setup}-{method}"
    rate = "searched" if searched_as(setup, method) else "Table 5"
    paper = "-" if printed is None else f"{printed['top-1']} / {printed['top-5']}"
    runs = evidence.runs(name)
    if not runs:
        return f"| {setup} | {method} | {rate} | not run | 0 | - | - | - | {paper} |"
    shown = [
        _errors(evidence, name, f"summary:{form}.list")
        for form in ("train_{}", "best_validation.test_{}", "test_{}")
    ]
    ran = f"{runs[0].rows[-1]['epoch']} | {len(runs)}"
    return f"| {setup} | {method} | {rate} | {ran} | {' | '.join(shown)} | {paper} |"


def _errors(evidence: Evidence, name: str, form: str) -> str:
    """`top-1 / top-5` of a metric whose name has a place for the score's; those that are told."""
    told = evidence.runs(name)[0].rows[-1]
    metrics = [form.format(score) for score in TOPS.values() if f"test_{score}" in told]
    found = (np.array(evidence.values(name, metric)) for metric in metrics)
    return " / ".join(mean_and_interval(100 * (1 - values), 2) for values in found)


def _printed(method: str) -> dict[str, str] | None:
    """What the paper's Table 2 has for a method, if anything."""
    family, way, _ = parts(method)
    with (Path(__file__).parent / "table-2.csv").open() as file:
        rows = {row.pop("method"): row for row in csv.DictReader(file)}
    return rows.get(f"{family}-{way}" if way else family)


def figure_3(evidence: Evidence, folder: Path) -> list[Path]:
    """Test errors by epoch, top-1 above and top-5 below; a column a network that has run."""
    shown = {
        setup: ran
        for setup, methods in METHODS.items()
        if (ran := [m for m in methods if evidence.runs(f"{setup}-{m}")])
    }
    if not shown:
        return []
    figure, axes = plt.subplots(
        2, len(shown), figsize=(3.2 * len(shown) + 0.4, 5.2), sharex="col", squeeze=False
    )
    for column, (setup, methods) in zip(axes.T, shown.items(), strict=True):
        column[0].set_title(TITLES[setup], fontsize=8)
        for axis, (top, score) in zip(column, TOPS.items(), strict=True):
            told = [m for m in methods if _curve(axis, evidence, setup, m, top, score)]
            axis.set_ylabel(f"{top} test error (%)", fontsize=8)
            axis.tick_params(labelsize=7)
            axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            if not told:
                axis.set_yticks([])
                place: dict = {"ha": "center", "transform": axis.transAxes, "fontsize": 7}
                axis.text(0.5, 0.5, "not told of ten classes", **place)
        column[0].legend(fontsize=6)
        column[1].set_xlabel("epoch", fontsize=8)
    seeds, lengths = evidence.ran(
        f"{setup}-{m}" for setup, methods in shown.items() for m in methods
    )
    note = "Parts of data sets are no ImageNet: the paper's errors stand beside none of them."
    caption(figure, evidence.protocol, seeds, lengths, of=EPOCHS, note=note)
    return save(figure, folder, "figure-3")


def _curve(axis: Axes, evidence: Evidence, setup: str, method: str, top: str, score: str) -> bool:
    """A method's test errors by epoch, and the paper's beside those on ImageNet; whether any."""
    epochs, accuracies = evidence.curve(f"{setup}-{method}", f"test_{score}", first=1)
    look = parts(method).look | ({"linestyle": "-."} if "regenerated" in method else {})
    if len(epochs):
        band(axis, epochs, 100 * (1 - accuracies), **look, label=method)
    if setup == "imagenet" and (printed := _printed(method)):
        family, way, _ = parts(method)
        axis.plot(1.04, float(printed[top]), color=COLOURS[family], marker=MARKS[LINES[way]],
                  markerfacecolor="none", transform=axis.get_yaxis_transform(),
                  clip_on=False)  # fmt: skip
    return len(epochs) > 0
