"""Locally connected layer: a convolution's connections, every position with weights of its own."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.activations import Activation
from apical.layers.window import Window
from apical.layers.windowed import Windowed


class LocallyConnected2d(Windowed):
    """a_p = W_p x_p + b_p at each position p, where x_p is the patch of the image it reads."""

    weight: Float[Array, "positions channels patch"]
    bias: Float[Array, " units"] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    window: Window = eqx.field(static=True)

    @classmethod
    def sizes(cls, positions, channels, patch):
        return (positions, channels, patch), positions * channels

    def preactivation(self, x):
        patches = self.window.patches(self.image(x))
        a = jnp.einsum("pbk,pck->pbc", patches, self.weight)
        a = a.swapaxes(0, 1).reshape(-1, *self.out_shape)
        return a if self.bias is None else a + self.bias.reshape(self.out_shape)
