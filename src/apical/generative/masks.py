"""Masks: which part of an image is missing and is to be filled in."""

from abc import abstractmethod
from pathlib import Path

import numpy as np
from jaxtyping import Bool
from PIL import Image, UnidentifiedImageError

from apical.errors import UsageError, fit_for_a_seed
from apical.values.value import Value


class Missing(Value):
    """What is missing of an image.

    !!! example

        >>> Left().known((2, 4), seed=0).tolist()
        [[False, False, True, True], [False, False, True, True]]
    """

    @abstractmethod
    def known(self, shape: tuple[int, ...], seed: int) -> Bool[np.ndarray, "..."]:
        """True where an example of this shape is known.

        Raises `UsageError` if it cannot be said for such a shape.
        """


class Left(Missing):
    """The left half."""

    def known(self, shape, seed):
        _, columns, where = _places(shape)
        return where[1] >= columns // 2


class Right(Missing):
    """The right half."""

    def known(self, shape, seed):
        _, columns, where = _places(shape)
        return where[1] < columns // 2


class Upper(Missing):
    """The upper half."""

    def known(self, shape, seed):
        rows, _, where = _places(shape)
        return where[0] >= rows // 2


class Lower(Missing):
    """The lower half."""

    def known(self, shape, seed):
        rows, _, where = _places(shape)
        return where[0] < rows // 2


class All(Missing):
    """All of it."""

    def known(self, shape, seed):
        return np.zeros(shape, bool)


class Scattered(Missing):
    """A part of all values, drawn at random."""

    part: float = 0.5

    def __check_init__(self):
        if not 0 <= self.part <= 1:
            raise UsageError(f"part of scattered: must be between 0 and 1, got {self.part}")

    def known(self, shape, seed):
        fit_for_a_seed(seed=seed)
        return np.random.default_rng(seed).uniform(size=shape) >= self.part


class Drawn(Missing):
    """What is black in an image file of the examples' size, as in drawn:mask.png."""

    path: str

    def known(self, shape, seed):
        rows, columns, where = _places(shape)
        try:
            drawn = np.asarray(Image.open(Path(self.path)).convert("L"))
        except (OSError, UnidentifiedImageError) as error:
            raise UsageError(
                f"missing: {self.path} cannot be read as an image ({error}); name a PNG file"
            ) from None
        if drawn.shape != (rows, columns):
            raise UsageError(
                f"missing: {self.path} has {drawn.shape[1]} x {drawn.shape[0]} pixels and the "
                f"examples {columns} x {rows}; give a mask of their size"
            )
        return drawn[where[0], where[1]] >= 128


def _places(shape: tuple[int, ...]) -> tuple[int, int, np.ndarray]:
    """Rows and columns of an image, and the place of every value."""
    if len(shape) < 2:
        raise UsageError(
            f"missing: examples of shape {shape} have no halves, since they are no images; use "
            "scattered"
        )
    return shape[0], shape[1], np.indices(shape)
