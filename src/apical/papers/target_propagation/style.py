"""How methods look in every figure: a colour a family, a line a schedule, a shade a form.

What is ours alone, the damped variants, has a name that says so and a panel or a line of its own.
"""

from typing import Any, NamedTuple

from apical.report.style import PALETTE, REFERENCE

FAMILIES = ("bp", "fa", "dfa", "dtp", "sdtp", "ao-sdtp")
COLOURS = dict(zip(FAMILIES, (REFERENCE, *PALETTE), strict=False))
SHADES = {"sdtp": "#7D2E5E", "ao-sdtp": "#7A5C00"}
"""Darker: where local losses are averaged."""
LINES: dict[str, Any] = {"parallel": ":", "alternating": "-", "": "-", "conv": "--"}
MARKS: dict[Any, str] = {"-": "s", ":": "o", "--": "D"}
"""Of the paper's own numbers, by the line that ours have."""


class Parts(NamedTuple):
    """What a method's name says: `sdtp-alternating-damped` is (sdtp, alternating, damped)."""

    family: str
    way: str
    form: str

    @property
    def look(self) -> dict[str, Any]:
        """Colour and line."""
        averaged = self.form.startswith("averaged")
        shades = COLOURS | SHADES if averaged else COLOURS
        return {"color": shades[self.family], "linestyle": LINES[self.way]}


def parts(method: str) -> Parts:
    """A method's family, schedule and form; the last two may be empty.

    !!! example

        >>> parts("ao-sdtp-alternating-summed")
        Parts(family='ao-sdtp', way='alternating', form='summed')
        >>> parts("bp")
        Parts(family='bp', way='', form='')
    """
    for way in filter(None, LINES):
        family, found, form = method.partition(f"-{way}")
        if found:
            return Parts(family, way, form.removeprefix("-"))
    family, _, form = (method, "", "") if method in FAMILIES else method.partition("-")
    return Parts(family, "", form)
