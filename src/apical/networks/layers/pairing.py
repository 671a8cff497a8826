"""Pairing: the pre- and postsynaptic rates that each weight of a layer joins.

A local rule is an elementwise function of the two; where they meet is the layer's geometry. Each
kind of layer registers a function of its own beside its class, and no rule ever knows it.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from apical.errors import UsageError
from apical.networks.layers.layer import Layer

AnyLayer = TypeVar("AnyLayer", bound=Layer)
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
        f"{type(layer).__name__} does not say; give it a `pair.register` beside its class"
    )


def over_examples(change: Change, rows: Array, units: PyTree, nothing: Array) -> Array:
    """Example by example: all at once, in one array, takes three times as long."""

    def add(total: Array, example) -> tuple[Array, None]:
        return total + change(*example), None

    return jax.lax.scan(add, nothing, (rows, units))[0]


def shaped_like(layer: AnyLayer, weight: Array, change: Change, post: PyTree) -> AnyLayer:
    """The layer's weights and, if it has any, biases: weights from a unit at rate 1."""
    if layer.bias is None:
        return layer.with_weight(weight)
    each = jnp.sum(change(jnp.ones((), weight.dtype), post), axis=0)
    bias = jnp.sum(each.reshape(-1, *layer.bias.shape), axis=0)
    return eqx.tree_at(lambda l: (l.weight, l.bias), layer, (weight, bias))
