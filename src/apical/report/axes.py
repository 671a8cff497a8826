"""Parts of figures: a mean over seeds with its interval, and an axis of errors over decades."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from apical.runs.statistics import FEWEST, half_width


def band(axis: Axes, x: np.ndarray, values: np.ndarray, **style) -> None:
    """Plot the mean of `values`, shape (seeds, len(x)), and its 95 % t interval.

    Of fewer than three seeds there is no interval worth drawing; each is a thin line of its own.
    """
    if not len(x):
        return
    mean, half = interval(values)
    axis.plot(x, mean, **{"marker": "o" if len(x) == 1 else None, **style})
    if 1 < len(values) < FEWEST:
        axis.plot(x, values.T, **{**style, "label": None, "linewidth": 0.6, "alpha": 0.6})
    elif len(values) > 1:
        axis.fill_between(x, mean - half, mean + half, color=style["color"], alpha=0.2, linewidth=0)


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the seeds (first axis) and the half-width of its 95 % t interval."""
    flat = values.reshape(len(values), -1)
    half = np.array([half_width(column) for column in flat.T.tolist()])
    return values.mean(axis=0), half.reshape(values.shape[1:])


def stack(curves: dict[int, tuple[list[int], list]]) -> tuple[np.ndarray, np.ndarray]:
    """(epochs that all seeds have, values of shape (seeds, epochs, ...)); null becomes nan."""
    if not curves:
        return np.array([]), np.empty((0, 0))
    shared = sorted(set.intersection(*(set(epochs) for epochs, _ in curves.values())))
    values = [[dict(zip(*c, strict=True))[epoch] for epoch in shared] for c in curves.values()]
    return np.array(shared), np.array(values, float)


FLOOR = 0.01
"""The lowest error that is drawn, in per cent: there may be none, which has no logarithm."""


def error_percent(accuracy: np.ndarray) -> np.ndarray:
    """Errors in per cent, none below `FLOOR`."""
    return np.maximum(100 * (1 - accuracy), FLOOR)


def by_decades(axis: Axes, lowest: float) -> None:
    """A logarithmic y axis down to `lowest`, not below `FLOOR`; numbers at 1, 2, 5 of a decade."""
    axis.set_yscale("log")
    axis.set_ylim(bottom=max(lowest, FLOOR))
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
