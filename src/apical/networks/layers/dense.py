"""Fully connected layer."""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.errors import at_least_one
from apical.networks.activations import Activation
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers.layer import Layer, LayerSpec
from apical.networks.layers.pairing import Change, over_examples, pair, shaped_like
from apical.networks.transmission import Graded, Transmission


class Dense(Layer):
    """a = W x + b, where x is flattened first if it is an image.

    `weight` is (units, inputs), `bias` is (units,) or None.
    """

    weight: Float[Array, "units inputs"]
    bias: Float[Array, " units"] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)

    @classmethod
    def create(
        cls,
        in_shape: tuple[int, ...],
        units: int,
        activation: Activation,
        *,
        key: PRNGKeyArray,
        init: Initialiser = Glorot(),
        bias: bool = True,
    ) -> Self:
        """Weights drawn from `init`, biases zero."""
        inputs = math.prod(in_shape)
        weight = init.draw(key, (units, inputs), inputs, units)
        return cls(weight, jnp.zeros(units) if bias else None, tuple(in_shape), activation)

    @property
    def out_shape(self):
        return (self.weight.shape[0],)

    @property
    def fans(self):
        units, inputs = self.weight.shape
        return inputs, units

    def preactivation(self, x):
        a = x.reshape(x.shape[0], -1) @ self.weight.T
        return a if self.bias is None else a + self.bias


class Fc(LayerSpec):
    """Fully connected: `fc:UNITS`."""

    units: int
    sends: Transmission = Graded()

    def __check_init__(self):
        at_least_one(units=self.units)

    def create(self, in_shape, activation, *, key, init, bias):
        return Dense.create(in_shape, self.units, activation, key=key, init=init, bias=bias)


@pair.register
def _(layer: Dense, change: Change, x: Float[Array, "batch ..."], post: PyTree) -> Dense:
    rows = x.reshape(x.shape[0], -1)
    units = jax.tree.map(lambda a: a[..., None], post)
    weight = over_examples(change, rows[:, None], units, jnp.zeros_like(layer.weight))
    return shaped_like(layer, weight, change, post)
