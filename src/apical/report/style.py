"""One look for every figure: a rule keeps its colour in all of them.

The colours are Okabe and Ito's, told apart by colour-blind readers too.
"""

import zlib
from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from apical.errors import UsageError

mpl.use("Agg")
import matplotlib.pyplot as plt

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8B5FBF", "#7A5C00")
REFERENCE = "#000000"
"""Backpropagation's colour."""

_FIXED = {
    "bp": REFERENCE,
    "fa": PALETTE[0],
    "dfa": PALETTE[1],
    "itd": PALETTE[2],
    "fa:frsf": PALETTE[3],
    "fa:usf": PALETTE[4],
    "fa:brsf": PALETTE[5],
}


def colours(labels: list[str]) -> dict[str, str]:
    """A colour a label: the well-known rules' own, the rest in a fixed order without clashes."""
    chosen = {label: _FIXED[label] for label in labels if label in _FIXED}
    for label in labels:
        if label not in chosen:
            start = zlib.crc32(label.encode()) % len(PALETTE)
            order = [*PALETTE[start:], *PALETTE[:start]]
            free = [c for c in order if c not in chosen.values()] or order
            chosen[label] = free[0]
    return chosen


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """As PNG and SVG; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{ending}" for ending in ("png", "svg")]
    for path in paths:
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
    return paths


def save_at(figure: Figure, out: Path, command: str) -> Path:
    """In the format that the ending of `out` says. Raises `UsageError` if that cannot be."""
    try:
        if not out.suffix:
            raise UsageError(f"{command}: {out} has no ending that says the format; try {out}.png")
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out)
    except ValueError as error:
        raise UsageError(f"{command}: cannot write {out}: {error}; try a .png or .svg") from None
    except OSError as error:
        raise UsageError(f"{command}: cannot write {out}: {error}; choose another path") from None
    finally:
        plt.close(figure)
    return out


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
