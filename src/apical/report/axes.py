"""Parts of figures: a mean with its interval, an axis of errors over decades, what was run."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from apical.runs.statistics import FEWEST, mean_and_half_width

THIN = 0.8
"""Width of the line of a single seed."""


def band(axis: Axes, x: np.ndarray, values: np.ndarray, **style) -> None:
    """Draw the mean of `values`, shape (seeds, len(x)), as a line and its interval as a band.

    It is the 95 % t interval. Two seeds have none worth drawing; each is a thin line of its own.
    A single seed is a thin line too, and no mean. `caption` says so.
    """
    if not len(x):
        return
    mean, half = mean_and_half_width(values)
    lone = {"linewidth": THIN} if len(values) == 1 else {}
    axis.plot(x, mean, **{"marker": "o" if len(x) == 1 else None, **style, **lone})
    if 1 < len(values) < FEWEST:
        axis.plot(x, values.T, **{**style, "label": None, "linewidth": THIN, "alpha": 0.6})
    elif len(values) > 1:
        axis.fill_between(x, mean - half, mean + half, color=style["color"], alpha=0.2, linewidth=0)


def points(
    axis: Axes, x: float, values: Sequence[float], *, across: bool = False, **style: Any
) -> None:
    """Draw one outcome: the mean at `x` with a bar, its 95 % t interval; few seeds as open points.

    **Arguments:**

    - `values`: one of each seed; of fewer than three, each is an open point of its own.
    - `across`: whether `x` is a place on the y axis, and the values lie along the other.
    """
    style = {"marker": "o", "markersize": 4.5, "linestyle": "", **style}
    if len(values) < FEWEST:
        places = [x] * len(values)
        lie = (values, places) if across else (places, values)
        axis.plot(*lie, **{**style, "markerfacecolor": "white"})
        return
    mean, half = mean_and_half_width(np.asarray(values, float))
    style |= {"xerr" if across else "yerr": half, "capsize": 2.5, "elinewidth": 1}
    axis.errorbar(*((mean, x) if across else (x, mean)), **style)


FLOOR = 0.01
"""The lowest error that is drawn, in per cent. An error of zero has no logarithm."""


def error_percent(accuracy: np.ndarray) -> np.ndarray:
    """Errors in per cent, none below `FLOOR`."""
    return np.maximum(100 * (1 - accuracy), FLOOR)


def by_decades(axis: Axes, lowest: float | None = None) -> None:
    """A logarithmic y axis with plain numbers at 1, 2 and 5 of each decade.

    It begins at `lowest`, but not below `FLOOR`; None: where the lines do.
    """
    axis.set_yscale("log")
    if lowest is not None:
        axis.set_ylim(bottom=max(lowest, FLOOR))
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())


def caption(
    figure: Figure,
    protocol: str,
    seeds: Iterable[int],
    epochs: Iterable[int],
    of: int | None = None,
    note: str = "",
) -> None:
    """Write below a figure what was run: protocol, epochs, seeds, and what lines and bands are.

    **Arguments:**

    - `protocol`: of the runs, as in `quick`.
    - `seeds`: how many each line has.
    - `epochs`: how many each line's runs took.
    - `of`: how many the paper ran; None: it is not to be compared.
    - `note`: a sentence or more of the figure's own.

    !!! example

        >>> import matplotlib.pyplot as plt
        >>> figure, _ = plt.subplots(figsize=(4, 3))
        >>> caption(figure, "quick", seeds=[3, 3, 1], epochs=[10, 60], of=500)
        >>> print(figure.get_supxlabel())
        Protocol quick: 10 or 60 of the paper's 500 epochs. Thick lines: means
        of 3 seeds; bands: 95 % t intervals. Thin lines: single seeds.
    """
    ran = _either(epochs)
    whole = "" if of is None else f" of the paper's {of}"
    sentences = [f"Protocol {protocol}: {ran}{whole} epochs.", *lines(seeds), note]
    below(figure, " ".join(sentence for sentence in sentences if sentence))


def below(figure: Figure, text: str) -> None:
    """Write a text below a figure, in lines as wide as it."""
    broken = textwrap.fill(text, int(CHARACTERS * figure.get_figwidth()))
    figure.supxlabel(broken, x=0.01, ha="left", fontsize=SMALL, color="#555555", ma="left")


SMALL, CHARACTERS = 7, 18
"""Points of a caption's letters, and about how many of them go into an inch."""


def lines(seeds: Iterable[int]) -> Iterable[str]:
    """Sentences on what lines of so many seeds are, as `band` draws them."""
    seeds = sorted(set(seeds))
    if several := [n for n in seeds if n >= FEWEST]:
        yield f"Thick lines: means of {_either(several)} seeds; bands: 95 % t intervals."
    if 2 in seeds:
        yield "Lines without a band: means of 2 seeds, each of which is a thin line."
    if 1 in seeds:
        yield "Thin lines: single seeds."


def _either(numbers: Iterable[int]) -> str:
    """1, 2 or 3."""
    *some, last = (str(number) for number in sorted(set(numbers)))
    return f"{', '.join(some)} or {last}" if some else last
