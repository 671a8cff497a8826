"""How raw examples become network inputs: a small value, fitted on the training split.

Only `Centre(per_split=True)` looks at other splits too: at their own mean image.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from apical.data.statistics import channel_moments, pixel_mean
from apical.errors import UsageError
from apical.values.value import Value

if TYPE_CHECKING:
    from apical.data.affine import Transforms
    from apical.data.dataset import Dataset


class Preprocessing(Value):
    """A recipe of primitive fields, fitted on a data set's training split."""

    @abstractmethod
    def fit(self, dataset: Dataset) -> Transforms:
        """The affine map of each split, to be applied to raw batches inside the compiled step."""


class Scale(Preprocessing):
    """`x / maximum`: raw values 0..maximum to [0, 1].

    **Arguments:** `maximum`: the largest raw value, 255 for bytes, 16 for digits; 1 leaves the
    data as it is.
    """

    maximum: float = 255.0

    def __check_init__(self) -> None:
        _check_maximum(self.maximum)

    def fit(self, dataset: Dataset) -> Transforms:
        from apical.data.affine import Affine, Transforms

        return Transforms.shared(Affine.of(0.0, 1 / self.maximum))


class Centre(Preprocessing):
    """`(x - mean) / maximum`, the mean of every pixel taken over the training split.

    **Arguments:**

    - `maximum`: as in `Scale`; 1 leaves the scale as it is.
    - `per_split`: subtract each split's own mean instead, as some papers do. Evaluation then
      depends on the test inputs as a whole (never on their labels).
    """

    maximum: float = 255.0
    per_split: bool = False

    def __check_init__(self) -> None:
        _check_maximum(self.maximum)

    def fit(self, dataset: Dataset) -> Transforms:
        from apical.data.affine import Affine, Transforms

        splits = (dataset.train, dataset.validation, dataset.test)
        if not self.per_split:
            return Transforms.shared(Affine.of(pixel_mean(dataset.train.x), 1 / self.maximum))
        # An empty split has no mean; nothing will pass through its map either.
        fitted = (split if len(split) else dataset.train for split in splits)
        return Transforms(*(Affine.of(pixel_mean(s.x), 1 / self.maximum) for s in fitted))


class Standardise(Preprocessing):
    """`(x - mean) / deviation` over the training split; a constant feature becomes 0.

    Per feature for vectors (n, features), per channel for colour images (n, H, W, C), over all
    pixels for grey images (n, H, W). The deviation is the population's (divided by n).
    """

    def fit(self, dataset: Dataset) -> Transforms:
        from apical.data.affine import Affine, Transforms

        mean, deviation = channel_moments(dataset.train.x)
        return Transforms.shared(Affine.of(mean, 1 / np.where(deviation > 0, deviation, 1.0)))


class UnitRange(Preprocessing):
    """`(x - low) / (high - low)`: the training split's range to [0, 1]; a constant becomes 0.

    Per feature for vectors (n, features), over the whole split for images. An example of another
    split may lie a little outside.
    """

    def fit(self, dataset: Dataset) -> Transforms:
        from apical.data.affine import Affine, Transforms

        x = dataset.train.x
        axes = 0 if x.ndim == 2 else None
        low, high = x.min(axes).astype(np.float64), x.max(axes).astype(np.float64)
        return Transforms.shared(Affine.of(low, 1 / np.where(high > low, high - low, 1.0)))


def _check_maximum(maximum: float) -> None:
    if not 0 < maximum < float("inf"):
        raise UsageError(f"maximum={maximum!r}: give the largest raw value, above 0.")
