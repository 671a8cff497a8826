"""Preprocessing of raw examples into inputs: a value, fitted on the training split.

Only `Centre(per_split=True)` looks at other splits too: at their own mean image.
"""

from abc import abstractmethod
from typing import NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.data.splits import Split, Splits
from apical.errors import UsageError, positive
from apical.values.value import Value

CHUNK = 4096
"""Examples at once; all of CIFAR-10 in float64 would take 1.1 GB."""


class Affine(eqx.Module):
    """`(x - shift) * scale` in float32 (float64 if `x` is, under `jax_enable_x64`).

    **Arguments:** `shift`, `scale`: of a shape that broadcasts against one example.

    !!! example

        >>> Affine.of(128.0, 0.5)(np.array([[126, 130]], np.uint8))
        Array([[-1.,  1.]], dtype=float32)
    """

    shift: Float[Array, "..."]
    scale: Float[Array, "..."]

    @classmethod
    def of(cls, shift: float | np.ndarray, scale: float | np.ndarray) -> Self:
        """From numbers or float64 arrays, kept at the precision JAX is set to."""
        return cls(jnp.asarray(shift, float), jnp.asarray(scale, float))

    def __call__(self, x: Array | np.ndarray) -> Float[Array, "..."]:
        """Map a raw batch, shape (batch, *shape) or one example, uint8 or float."""
        if isinstance(x, Array):
            return _mapped(x, self.shift, self.scale)
        return _at_once(np.asarray(x), self.shift, self.scale)


def _mapped(x: Array, shift: Array, scale: Array) -> Array:
    dtype = jnp.float64 if x.dtype == jnp.float64 else jnp.float32
    return (x.astype(dtype) - shift.astype(dtype)) * scale.astype(dtype)


_at_once = jax.jit(_mapped)
"""One program for what comes from the host; within a program the map is part of that."""


class Transforms(NamedTuple):
    """One map a split."""

    train: Affine
    validation: Affine
    test: Affine

    @classmethod
    def shared(cls, affine: Affine) -> Self:
        """The same map, fitted on the training split, for all three."""
        return cls(affine, affine, affine)


class Preprocessing(Value):
    """How raw examples are scaled and shifted: a value, fitted on a data set's training split.

    **Arguments** of `fit`: `splits`: the raw examples, shape (n, *shape) each; statistics are taken
    over the training split, before any augmentation.

    !!! example

        >>> import apical
        >>> data = apical.load("iris")
        >>> maps = Standardise().fit(data.splits)
        >>> abs(float(maps.train(data.train.x).mean())) < 1e-6
        True
    """

    @abstractmethod
    def fit(self, splits: Splits) -> Transforms:
        """The affine map of each split, to be applied to raw batches inside the compiled step."""


class Scale(Preprocessing):
    """`x / maximum`: raw values 0..maximum to [0, 1].

    **Arguments:** `maximum`: the largest raw value, 255 for bytes, 16 for digits; 1 leaves the
    data as it is.

    **Raises:** `UsageError` if `maximum` is not a number above 0.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")  # 0 to 16
        >>> float(Scale(16.0).fit(data.splits).test(data.test.x).max())
        1.0
    """

    maximum: float = 255.0

    def __check_init__(self) -> None:
        positive(maximum=self.maximum)

    def fit(self, splits: Splits) -> Transforms:
        return Transforms.shared(Affine.of(0.0, 1 / self.maximum))


class Centre(Preprocessing):
    """`(x - mean) / maximum`, the mean of every pixel taken over the training split.

    **Arguments:**

    - `maximum`: as in `Scale`; 1 leaves the scale as it is.
    - `per_split`: subtract each split's own mean instead, as some papers do. Evaluation then
      depends on the test inputs as a whole (never on their labels).

    **Raises:** `UsageError` if `maximum` is not a number above 0, or `per_split` no truth value.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")
        >>> maps = Centre(16.0, per_split=True).fit(data.splits)
        >>> abs(float(maps.test(data.test.x).mean())) < 1e-6
        True
    """

    maximum: float = 255.0
    per_split: bool = False

    def __check_init__(self) -> None:
        positive(maximum=self.maximum)

    def fit(self, splits: Splits) -> Transforms:
        if not self.per_split:
            return Transforms.shared(Affine.of(pixel_mean(splits.train), 1 / self.maximum))
        # An empty split has no mean; nothing will pass through its map either.
        fitted = (split if len(split) else splits.train for split in splits)
        return Transforms(*(Affine.of(pixel_mean(s), 1 / self.maximum) for s in fitted))


class Standardise(Preprocessing):
    """`(x - mean) / deviation` over the training split; a constant feature becomes 0.

    Per feature for vectors (n, features), per channel for colour images (n, H, W, C), over all
    pixels for grey images (n, H, W). The deviation is the population's (divided by n).

    !!! example

        >>> import apical
        >>> data = apical.load("iris")
        >>> x = Standardise().fit(data.splits).train(data.train.x)
        >>> np.asarray(x.std(axis=0)).round(3)
        array([1., 1., 1., 1.], dtype=float32)
    """

    def fit(self, splits: Splits) -> Transforms:
        mean, deviation = channel_moments(splits.train)
        return Transforms.shared(Affine.of(mean, 1 / np.where(deviation > 0, deviation, 1.0)))


class Normalise(Preprocessing):
    """`(x - mean) / deviation` with numbers for each channel that are given: nothing is fitted.

    **Arguments:** `mean`, `deviation`: of raw values, one for each channel of colour images or
    feature of vectors, or one for all. The defaults are those of ImageNet's training images that
    its literature uses, for bytes.

    **Raises:** `UsageError` if a deviation is not above 0.

    !!! example

        >>> import apical
        >>> maps = Normalise((128.0,), (64.0,)).fit(apical.load("digits").splits)
        >>> float(maps.train(np.array([[192]], np.uint8))[0, 0])
        1.0
    """

    mean: tuple[float, ...] = (123.675, 116.28, 103.53)
    deviation: tuple[float, ...] = (58.395, 57.12, 57.375)

    def __check_init__(self) -> None:
        for number, deviation in enumerate(self.deviation):
            positive(**{f"deviation[{number}]": deviation})

    def fit(self, splits: Splits) -> Transforms:
        mean, deviation = np.array(self.mean), np.array(self.deviation)
        for name, given in (("mean", mean), ("deviation", deviation)):
            channels = splits.train.x.shape[-1]
            if len(given) not in (1, channels):
                raise UsageError(
                    f"{name} of normalise: must have one number for all, or one for each of the "
                    f"{channels} channels, got {len(given)}"
                )
        return Transforms.shared(Affine.of(mean, 1 / deviation))


class UnitRange(Preprocessing):
    """`(x - low) / (high - low)`: the training split's range to [0, 1]; a constant becomes 0.

    Per feature for vectors (n, features), over the whole split for images. An example of another
    split may lie a little outside.

    !!! example

        >>> import apical
        >>> data = apical.load("iris")
        >>> x = UnitRange().fit(data.splits).train(data.train.x)
        >>> float(x.min()), float(x.max())
        (0.0, 1.0)
    """

    def fit(self, splits: Splits) -> Transforms:
        axes = 0 if splits.train.x.ndim == 2 else None
        low, high = (found.astype(np.float64) for found in extremes(splits.train, axes))
        return Transforms.shared(Affine.of(low, 1 / np.where(high > low, high - low, 1.0)))


def pixel_mean(split: Split) -> np.ndarray:
    """Mean of every pixel or feature, float64, shape of one example."""
    if isinstance(split.x, np.ndarray):
        return split.x.mean(axis=0, dtype=np.float64)
    sums = [x.sum(axis=0, dtype=np.float64) for x, _ in split.read(CHUNK)]
    return np.sum(sums, axis=0) / len(split)


def extremes(split: Split, axis: int | tuple[int, ...] | None) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest value along some axes, that of the examples among them."""
    found = [(x.min(axis), x.max(axis)) for x, _ in split.read(CHUNK)]
    lows, highs = zip(*found, strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def channel_moments(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (divided by n), float64, of each feature or channel.

    Shape (features,) for vectors (n, features); () for grey images (n, H, W); (C,) for
    colour images (n, H, W, C). Exactly 0 deviation for a feature that is constant: rounding
    would leave some 1e-17 and the division by it would blow noise up.
    """
    ndim = split.x.ndim
    inner = tuple(range(ndim - 1)) if ndim == 3 else tuple(range(ndim - 2))
    mean = pixel_mean(split).mean(axis=inner)
    squares = np.zeros(split.x.shape[1:])
    for x, _ in split.read(CHUNK):
        squares += ((x - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(squares.mean(axis=inner) / len(split))
    low, high = extremes(split, 0)
    constant = high.max(axis=inner) == low.min(axis=inner)
    return mean, np.where(constant, 0.0, deviation)
