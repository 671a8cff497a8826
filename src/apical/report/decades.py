"""The axis of errors that span decades."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

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
