"""Parts of figures: a mean over seeds with its interval, and an axis of errors over decades."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from apical.runs.statistics import FEWEST, mean_and_half_width


def band(axis: Axes, x: np.ndarray, values: np.ndarray, **style) -> None:
    """Draw the mean of `values`, shape (seeds, len(x)), as a line and its interval as a band.

    It is the 95 % t interval. Two seeds have none worth drawing; each is a thin line of its own.
    """
    if not len(x):
        return
    mean, half = mean_and_half_width(values)
    axis.plot(x, mean, **{"marker": "o" if len(x) == 1 else None, **style})
    if 1 < len(values) < FEWEST:
        axis.plot(x, values.T, **{**style, "label": None, "linewidth": 0.6, "alpha": 0.6})
    elif len(values) > 1:
        axis.fill_between(x, mean - half, mean + half, color=style["color"], alpha=0.2, linewidth=0)


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
