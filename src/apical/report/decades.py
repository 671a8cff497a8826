"""The axis of errors that span decades."""

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter


def by_decades(axis: Axes, lowest: float) -> None:
    """A logarithmic y axis down to `lowest`, with a number at 1, 2 and 5 of each decade."""
    axis.set_yscale("log")
    axis.set_ylim(bottom=lowest)
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
