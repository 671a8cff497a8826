"""The fitted preprocessing: an affine map that lives inside the compiled step."""

from typing import NamedTuple, Self

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class Affine(eqx.Module):
    """`(x - shift) * scale` in float32 (float64 if `x` is, under `jax_enable_x64`).

    **Arguments:** `shift`, `scale`: broadcast against one example.

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
        x = jnp.asarray(x)
        dtype = jnp.float64 if x.dtype == jnp.float64 else jnp.float32
        return (x.astype(dtype) - self.shift.astype(dtype)) * self.scale.astype(dtype)


class Transforms(NamedTuple):
    """One map a split."""

    train: Affine
    validation: Affine
    test: Affine

    @classmethod
    def shared(cls, affine: Affine) -> Self:
        """The same map, fitted on the training split, for all three."""
        return cls(affine, affine, affine)
