"""A rule that takes part in a comparison and diverges: where, which its row says."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

from apical.errors import DivergenceError

TOLD = re.compile(r"(?P<where>seed \d+, epoch \d+), .*: training diverged; ")
"""How the line of a run that diverged begins, in whichever process it ended."""
Made = TypeVar("Made")


@dataclass(frozen=True)
class Diverged:
    """It has no result, and no part in the statistics."""

    where: str
    """As in "seed 1, epoch 3"."""
    told: str
    """The whole line, with the step, the layer and what to change."""

    @property
    def words(self) -> str:
        """What stands in the place of a score."""
        return f"diverged ({self.where})"

    @classmethod
    def read(cls, line: str) -> Self | None:
        """What the line of a failure says; None if it is none of a divergence.

        !!! example

            >>> Diverged.read("seed 1, epoch 3, step 5: ...: training diverged; lower lr").words
            'diverged (seed 1, epoch 3)'
        """
        found = TOLD.match(line)
        return None if found is None else cls(found["where"], line)


def unless_diverged(make: Callable[[], Made]) -> Made | Diverged:
    """What is made by training, or where that diverged. Raises what `make` raises otherwise."""
    try:
        return make()
    except DivergenceError as error:
        if (found := Diverged.read(str(error))) is None:
            raise
        return found
