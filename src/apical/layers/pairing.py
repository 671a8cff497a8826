"""Which pre- and postsynaptic rates each weight of a layer joins.

A local rule is an elementwise function of the two; where they meet is the layer's geometry. A
geometry is one function here, registered for its class, and no rule ever knows it.
"""

from collections.abc import Callable
from functools import singledispatch

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from apical.errors import UsageError
from apical.layers.dense import Dense
from apical.layers.layer import Layer

Change = Callable[[Array, PyTree], Array]
"""f(x, post), element by element on arrays that broadcast."""


@singledispatch
def pair(layer: Layer, change: Change, x: Float[Array, "batch ..."], post: PyTree) -> Layer:
    """The sum of f(x_j, post_i) over examples, and over the places that share the weight W_ij.

    A bias is a weight from a unit whose rate is 1. The result is shaped like the layer.

    **Arguments:**

    - `change`: f, the same for every weight.
    - `x`: presynaptic rates, (batch, *in_shape).
    - `post`: whatever f takes of the postsynaptic units, arrays of shape (batch, *out_shape).

    **Raises:** `UsageError` for a layer whose geometry is not registered.
    """
    raise UsageError(
        f"layers: a local rule needs to know which units each weight joins, and "
        f"{type(layer).__name__} does not say; use fully connected layers"
    )


@pair.register
def _(layer: Dense, change: Change, x: Float[Array, "batch ..."], post: PyTree) -> Dense:
    # Example by example: a (batch, units, inputs) array at once takes three times as long.
    def add(total: Array, example) -> tuple[Array, None]:
        row, units = example
        return total + change(row, jax.tree.map(lambda a: a[:, None], units)), None

    rows = x.reshape(x.shape[0], -1)
    weight, _ = jax.lax.scan(add, jnp.zeros_like(layer.weight), (rows, post))
    if layer.bias is None:
        return layer.with_weight(weight)
    bias = jnp.sum(change(jnp.ones((), x.dtype), post), axis=0)
    return eqx.tree_at(lambda l: (l.weight, l.bias), layer, (weight, bias))
