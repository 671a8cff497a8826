"""The small data sets that scikit-learn carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from apical.data.origins.content import Content
from apical.data.origins.origin import Copy, Origin


@dataclass(frozen=True)
class ScikitLearn(Origin):
    """Arrays from `sklearn.datasets`, as bytes: `x` and `y` (uint8).

    They are verified like any file: scikit-learn has corrected its iris once (0.20), and the
    same seed must mean the same bits.

    **Arguments:** `fetch`: gives (x, y), importing scikit-learn only then; `x`, `y`: what their
    bytes must be.
    """

    fetch: Callable[[], tuple[np.ndarray, np.ndarray]]
    x: Content
    y: Content

    def read(self, name: str) -> Mapping[str, bytes]:
        where = f"{name} of scikit-learn"
        x, y = self.fetch()
        return {
            "x": self.x.check(x.tobytes(), where),
            "y": self.y.check(y.astype(np.uint8).tobytes(), where),
        }

    def copies(self, name: str) -> list[Copy]:
        return [Copy("scikit-learn", lambda: self.read(name))]

    def is_here(self, name: str) -> bool:
        return True

    def status(self, name: str) -> str:
        return "bundled (scikit-learn)"
