"""How far an adversary may move each feature."""

from dataclasses import dataclass
from fractions import Fraction

from apical.errors import UsageError


@dataclass(frozen=True)
class Epsilon:
    """A part of each feature's range, as it was written: `4/255`, `0.03`.

    Raises `UsageError` for what is no number above 0 and up to 1.
    """

    text: str

    def __post_init__(self):
        try:
            good = 0 < Fraction(self.text) <= 1
        except (ValueError, ZeroDivisionError):
            good = False
        if not good:
            raise UsageError(
                f"eps: must be a number above 0 and up to 1, a part of each feature's range; got "
                f"{self.text!r}, try 8/255"
            )

    @property
    def size(self) -> float:
        return float(Fraction(self.text))


LARGE = Epsilon("1/2")
"""Every point of the cube has its centre in reach, so that no classifier can hold."""
USUAL = ("4/255", "8/255", "12/255")
"""Those of Gupta 2020, Figure 3."""
