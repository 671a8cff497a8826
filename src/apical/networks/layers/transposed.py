"""A layer's connections led backwards, with weights of their own: the geometry of an inverse."""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.networks.activations import Activation
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers.layer import Layer


class Transposed(Layer):
    """a = V^T x + c, where V has the connections of the layer that it leads back through.

    `weight` is V, of that layer's shape; `bias` is (units,) or None. `geometry` is that layer
    with the shape of its weights in their place.
    """

    weight: Float[Array, "..."]
    bias: Float[Array, " units"] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    geometry: Layer = eqx.field(static=True)

    @classmethod
    def create(
        cls,
        layer: Layer,
        activation: Activation,
        *,
        key: PRNGKeyArray,
        init: Initialiser = Glorot(),
        bias: bool = True,
    ) -> Self:
        """From the outputs of `layer` to its inputs; weights drawn from `init`, biases zero."""
        reads, reaches = layer.fans
        weight = init.draw(key, layer.weight.shape, reaches, reads)
        biases = jnp.zeros(math.prod(layer.in_shape)) if bias else None
        geometry = layer.with_weight(jax.ShapeDtypeStruct(weight.shape, weight.dtype))
        return cls(weight, biases, layer.out_shape, activation, geometry)

    @property
    def out_shape(self):
        return self.geometry.in_shape

    @property
    def fans(self):
        reads, reaches = self.geometry.fans
        return reaches, reads

    def preactivation(self, x):
        a = self.geometry.with_weight(self.weight).pull(x)
        return a if self.bias is None else a + self.bias.reshape(self.out_shape)
