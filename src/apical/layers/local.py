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

    def products(self, patches):
        # The weights first: with the patches first the three products take a sixth longer.
        return jnp.einsum("pck,pbk->pcb", self.weight, patches).swapaxes(1, 2)
