"""A panel of a figure of curves, and whether there is anything to draw in it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apical.runs.reading import RunData, stack


@dataclass(frozen=True)
class Panel:
    """How one quantity of a run is drawn."""

    draw: Callable[..., None]
    """Called with the axis, the run, its label and its colour."""
    keys: tuple[str, ...]
    """Lead to the quantity in a row, as for `RunData.curves`."""

    def shows(self, run: RunData) -> bool:
        """Whether the run has the quantity: not every rule has feedback weights, for one."""
        _, values = stack(run.curves(*self.keys))
        return bool(np.isfinite(values).any())
