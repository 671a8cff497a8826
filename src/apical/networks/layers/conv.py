"""Convolutional layer: every position reads its patch of the image with the same weights."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from apical.networks.activations import Activation
from apical.networks.layers.pairing import Change, over_examples, pair, shaped_like
from apical.networks.layers.window import Window
from apical.networks.layers.windowed import ImageSpec, Windowed, at_positions


class Conv2d(Windowed):
    """a_p = W x_p + b at each position p, where x_p is the patch of the image it reads."""

    weight: Float[Array, "channels patch"]
    bias: Float[Array, " channels"] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    window: Window = eqx.field(static=True)

    @classmethod
    def sizes(cls, positions, channels, patch):
        return (channels, patch), channels

    def products(self, patches):
        rows = patches.reshape(-1, patches.shape[-1])
        return (rows @ self.weight.T).reshape(*patches.shape[:2], -1)


class Conv(ImageSpec):
    """Convolutional, `conv:ROWSxCOLUMNS,CHANNELS[,sSTRIDE][,pPADDING]`."""

    @property
    def kind(self):
        return Conv2d


@pair.register
def _(layer: Conv2d, change: Change, x, post: PyTree) -> Conv2d:
    rows, units = at_positions(layer, x, post)

    def of_all_positions(row: Array, units: PyTree) -> Array:
        return jnp.sum(change(row, units), axis=0)

    weight = over_examples(of_all_positions, rows, units, jnp.zeros_like(layer.weight))
    return shaped_like(layer, weight, change, post)
