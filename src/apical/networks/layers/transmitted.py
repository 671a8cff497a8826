"""A layer that does not read the activity below it but what the units there send."""

from typing import Self

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.networks.activations import Activation
from apical.networks.layers.layer import Batched, Layer
from apical.networks.layers.pairing import Change, pair
from apical.networks.transmission import Graded, Transmission


class Transmitted(Layer):
    """a = W s(x) + b, where x is the activity below and s its `transmission`.

    W has the connections of `geometry`, which is a layer with the mere shapes of its weights.

    The derivative of s is taken as 1 (straight-through), so that `pull` is W^T and `gradient`
    pairs signals with s(x). A `key` fixes what is random, for every use of the layer alike.

    Source: Bengio, Leonard & Courville 2013.
    """

    weight: Float[Array, "..."]
    bias: Float[Array, "..."] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    geometry: Layer = eqx.field(static=True)
    transmission: Transmission = eqx.field(static=True)
    key: PRNGKeyArray | None = None

    @classmethod
    def of(cls, layer: Layer, transmission: Transmission) -> Self:
        """`layer`'s weights, reading through a transmission."""
        shapes = jax.eval_shape(lambda: (layer.weight, layer.bias))
        fields = (layer.weight, layer.bias, layer.in_shape, layer.activation)
        return cls(*fields, layer.with_parameters(*shapes), transmission)

    @property
    def out_shape(self):
        return self.geometry.out_shape

    @property
    def fans(self):
        return self.geometry.fans

    @property
    def plain(self) -> Layer:
        """The layer that reads the activity itself."""
        return self.geometry.with_parameters(self.weight, self.bias)

    def preactivation(self, x):
        return self.plain.preactivation(self.read(x))

    def read(self, x: Batched) -> Batched:
        """s(x), to the bit, with derivative 1."""
        sent = jax.lax.stop_gradient(self.transmission.sent(x, self.key))
        return sent + (x - jax.lax.stop_gradient(x))


def transmitted(layer: Layer, transmission: Transmission) -> Layer:
    """`layer` reading what the units below it send; itself, if that is their activity."""
    return layer if transmission == Graded() else Transmitted.of(layer, transmission)


def transmission(layer: Layer) -> Transmission:
    """What a layer reads of the units below it."""
    return layer.transmission if isinstance(layer, Transmitted) else Graded()


def drawn(layer: Layer, key: PRNGKeyArray) -> Layer:
    """The layer with what is random in it fixed by `key`; itself, if nothing is."""
    if not transmission(layer).random:
        return layer
    return eqx.tree_at(lambda l: l.key, layer, key, is_leaf=lambda leaf: leaf is None)


@pair.register
def _(layer: Transmitted, change: Change, x, post: PyTree) -> Transmitted:
    return Transmitted.of(pair(layer.plain, change, layer.read(x), post), layer.transmission)
