"""Activation functions, by the names that configurations and the command line use.

All act element by element on an array of any shape, except `softmax`, which
normalises over the last axis and belongs at the output.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.errors import UsageError, unknown

Activation = Callable[[Float[Array, "..."]], Float[Array, "..."]]


def tanh(a: Array) -> Array:
    return jnp.tanh(a)


def sigmoid(a: Array) -> Array:
    return jax.nn.sigmoid(a)


def relu(a: Array) -> Array:
    return jax.nn.relu(a)


def softplus(a: Array) -> Array:
    return jax.nn.softplus(a)


def identity(a: Array) -> Array:
    return a


def softmax(a: Array) -> Array:
    return jax.nn.softmax(a, axis=-1)


ACTIVATIONS: dict[str, Activation] = {
    f.__name__: f for f in (tanh, sigmoid, relu, softplus, identity, softmax)
}


def named(name: str) -> Activation:
    """The activation of that name. Raises `UsageError` with the nearest name if there is none."""
    if name not in ACTIVATIONS:
        raise UsageError(unknown("activation", name, ACTIVATIONS))
    return ACTIVATIONS[name]
