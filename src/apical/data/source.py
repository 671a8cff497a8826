"""What the registry holds: one value for each known data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apical.data.dataset import Dataset
from apical.data.origins.origin import Origin
from apical.data.preprocessing import Preprocessing
from apical.data.splits import Splits

Arrange = Callable[[Mapping[str, bytes], int], Splits]


@dataclass(frozen=True)
class Source:
    """Where a data set comes from and how its bytes become splits.

    **Arguments:**

    - `name`: what `load` calls it.
    - `about`: authors and licence, one line.
    - `shape`: of one example.
    - `sizes`: of train, validation and test.
    - `classes`: class names in the order of the labels.
    - `preprocessing`: the set's default.
    - `origin`: gives the verified raw bytes, by content name.
    - `arrange`: from those bytes and a seed to the three splits.
    """

    name: str
    about: str
    shape: tuple[int, ...]
    sizes: tuple[int, int, int]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    origin: Origin
    arrange: Arrange

    def load(self, seed: int) -> Dataset:
        """The data set, its validation set drawn by `seed`; `DataError` if it cannot be had."""
        splits = self.arrange(self.origin.read(self.name), seed)
        return Dataset(self.name, *splits, self.classes, self.preprocessing)
