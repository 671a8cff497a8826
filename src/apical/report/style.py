"""One look for every figure: a rule keeps its colour in all of them.

The colours are Okabe and Ito's, told apart by colour-blind readers too.
"""

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager

import matplotlib as mpl

from apical.rules import BP

mpl.use("Agg")

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8B5FBF", "#7A5C00")
REFERENCE = "#000000"
"""Backpropagation's colour."""


def colours(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each label: black for the reference, one of the palette for any other.

    A label's colour follows from its text, so that a rule looks the same in every figure. Where two
    labels would share one, the later takes the next that is free.

    !!! example

        >>> colours(["bp", "fa"])
        {'bp': '#000000', 'fa': '#0072B2'}
    """
    chosen = {label: REFERENCE for label in labels if label == BP.name}
    others = [label for label in dict.fromkeys(labels) if label not in chosen]
    late = []
    for label in others:
        own = PALETTE[_place(label)]
        if own in chosen.values():
            late.append(label)
        else:
            chosen[label] = own
    for label in late:
        order = [*PALETTE[_place(label) :], *PALETTE[: _place(label)]]
        free = (colour for colour in order if colour not in chosen.values())
        chosen[label] = next(free, order[0])
    return chosen


def _place(label: str) -> int:
    return zlib.crc32(label.encode()) % len(PALETTE)


def look() -> AbstractContextManager[None]:
    """The matplotlib settings of every figure, as a context."""
    return mpl.rc_context(
        {
            "figure.dpi": 150,
            "figure.constrained_layout.use": True,
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
            "legend.frameon": False,
            "lines.linewidth": 1.6,
            "svg.fonttype": "none",
            "svg.hashsalt": "apical",
        }
    )
