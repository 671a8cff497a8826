"""The threat model: an adversary moves every feature by at most eps of its range, within it."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.data import Dataset
from apical.errors import UsageError


@dataclass(frozen=True)
class Epsilon:
    """The largest change of a feature, as a part of its range.

    Raises `UsageError` for a text that is no number above 0 and up to 1.

    !!! example

        >>> Epsilon("51/255").size
        0.2
    """

    text: str
    """As the user wrote it: `4/255`, `0.03`."""

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
        """The number."""
        return float(Fraction(self.text))


LARGE = Epsilon("1/2")
"""At this eps every input can become mid-grey, so that no classifier can do better than chance."""
USUAL = ("4/255", "8/255", "12/255")
"""The eps of Gupta 2020, Figure 3."""


class Box(eqx.Module):
    """The range of every raw feature, mapped to the unit interval: u = (x - low) / (high - low).

    Bytes range from 0 to white, which is 255 but for data sets that say otherwise (16 for digits),
    so that eps 4/255 is four grey levels of 255. Any other feature ranges over its values in the
    data set's splits. A constant feature cannot be moved.
    """

    low: Float[Array, "..."]
    width: Float[Array, "..."]

    @classmethod
    def of(cls, data: Dataset) -> Self:
        """The ranges of a data set's features."""
        if data.train.x.dtype == np.uint8:
            return cls(jnp.zeros(()), jnp.full((), data.white))
        splits = [s.x for s in (data.train, data.validation, data.test) if len(s)]
        low = np.min([x.min(axis=0) for x in splits], axis=0)
        high = np.max([x.max(axis=0) for x in splits], axis=0)
        return cls(jnp.asarray(low), jnp.asarray(high - low))

    def unit(self, x: Array | np.ndarray) -> Float[Array, "batch ..."]:
        """Raw inputs as points of the cube."""
        u = (jnp.asarray(x, float) - self.low) / jnp.where(self.width > 0, self.width, 1.0)
        return jnp.clip(u, 0.0, 1.0)

    def raw(self, u: Float[Array, "batch ..."]) -> Float[Array, "batch ..."]:
        """Points of the cube as raw inputs."""
        return self.low + u * self.width


def project(
    u: Float[Array, "batch ..."], clean: Float[Array, "batch ..."], eps: Float[Array, ""]
) -> Float[Array, "batch ..."]:
    """The nearest point of the cube whose coordinates are all within eps of the clean input's."""
    return jnp.clip(jnp.clip(u, clean - eps, clean + eps), 0.0, 1.0)
