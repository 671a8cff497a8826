"""Convolutional layer: every position reads its patch of the image with the same weights."""

import equinox as eqx
from jaxtyping import Array, Float

from apical.networks.activations import Activation
from apical.networks.layers.window import Window
from apical.networks.layers.windowed import Windowed


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
