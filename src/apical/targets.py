"""Labels to network targets and outputs back to labels."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def encode(labels: Int[Array, " batch"], units: int) -> Float[Array, "batch units"]:
    """One-hot rows; for a single output unit the label itself, 0 or 1, as a column."""
    return labels[:, None].astype(float) if units == 1 else jax.nn.one_hot(labels, units)


def decode(outputs: Float[Array, "batch units"]) -> Int[Array, " batch"]:
    """The most active unit's index; for a single unit, whether it is above one half."""
    if outputs.shape[-1] == 1:
        return (outputs[:, 0] > 0.5).astype(jnp.int32)
    return jnp.argmax(outputs, axis=-1).astype(jnp.int32)
