"""Figure 5 with our searches: how much an error depends on what was drawn."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from apical.papers.target_propagation import searched
from apical.papers.target_propagation.methods import ALL, DAMPED
from apical.papers.target_propagation.style import parts
from apical.report.axes import below
from apical.report.saving import save

SETUP = "mnist-fc"


def by_budget() -> dict[tuple[int, int], list[str]]:
    """The methods that were searched, by epochs and number of their draws."""
    found: dict[tuple[int, int], list[str]] = {}
    for method in ALL:
        if method in searched.methods(SETUP):
            budget = ALL[method].search
            found.setdefault((budget.epochs, budget.draws), []).append(method)
    return dict(sorted(found.items()))


def sensitivity(folder: Path) -> list[Path]:
    """The validation error of every draw; a panel for the searches of each budget."""
    panels = by_budget()
    if not panels:
        return []
    rows = [len(methods) for methods in panels.values()]
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(6.4, 0.32 * sum(rows) + 0.75 * len(panels) + 0.6),
        height_ratios=[count + 0.6 for count in rows],
        sharex=True,
        squeeze=False,
    )
    for axis, ((epochs, draws), methods) in zip(axes[:, 0], panels.items(), strict=True):
        for row, method in enumerate(methods):
            _draws(axis, row, method)
        axis.set_yticks(range(len(methods)), [_label(method) for method in methods], fontsize=8)
        axis.set_ylim(len(methods) - 0.5, -0.5)
        axis.set_title(f"{draws} draws of {epochs} epochs each", fontsize=9, loc="left")
    last = axes[-1, 0]
    last.set(xscale="log", xlabel="best validation error of a draw over its epochs (%)")
    last.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    last.xaxis.set_major_formatter("{x:g}")
    last.xaxis.set_minor_formatter(NullFormatter())
    below(
        figure,
        "MNIST, 5 x 256. A point is a draw, of one seed; a bar, the best of a search. Errors of "
        "panels with other numbers of epochs or draws are not to be compared. Draw k has the same "
        "quantiles in every search. A cross at the right: a draw that diverged. The axis is "
        "logarithmic.",
    )
    return save(figure, folder, "figure-5")


def _draws(axis: Axes, row: int, method: str) -> None:
    color = parts(method).look["color"]
    errors = np.array([100 * (1 - trial.score) for trial in searched.trials(SETUP, method)])
    finished = errors[~np.isnan(errors)]
    axis.plot(finished, np.full(len(finished), row), "o", color=color, ms=4, alpha=0.6)
    if len(finished):
        axis.plot(finished.min(), row, "|", color=color, ms=12, mew=2)
    beyond = axis.get_yaxis_transform()
    for number in range(int(np.isnan(errors).sum())):
        axis.plot(
            1.01 + 0.02 * number, row, "x", color=color, ms=4, transform=beyond, clip_on=False
        )


def _label(method: str) -> str:
    return f"ours: {method}" if method in DAMPED else method
