"""How the methods of Table 1 look in every figure: a colour a family, a line a schedule."""

from typing import Any

from apical.report.style import PALETTE, REFERENCE

FAMILIES = ("bp", "fa", "dfa", "dtp", "sdtp", "ao-sdtp")
COLOURS = dict(zip(FAMILIES, (REFERENCE, *PALETTE), strict=False))
LINES: dict[str, Any] = {"parallel": ":", "alternating": "-", "": "-", "conv": "--"}
MARKS: dict[Any, str] = {"-": "s", ":": "o", "--": "D"}
"""Of the paper's own numbers, by the line that ours have."""


def family_and_way(method: str) -> tuple[str, str]:
    """The two parts of a method's name: dtp-parallel is (dtp, parallel), and bp (bp, "")."""
    family, _, way = method.rpartition("-")
    return (family, way) if way in LINES and family else (method, "")
