"""Locally connected layer: a convolution's connections, every position with weights of its own."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from apical.networks.activations import Activation
from apical.networks.layers.pairing import Change, over_examples, pair, shaped_like
from apical.networks.layers.window import Window
from apical.networks.layers.windowed import ImageSpec, Windowed, at_positions


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
        return products(self.weight, patches)


@jax.custom_vjp
def products(
    weight: Float[Array, "positions channels patch"],
    patches: Float[Array, "positions batch patch"],
) -> Float[Array, "positions batch channels"]:
    """W_p x_p.

    Each product and its two derivatives read and write the order of axes that is quickest on CPU.
    """
    return jnp.einsum("pck,pbk->pcb", weight, patches).swapaxes(1, 2)


def _forward(weight, patches):
    return products(weight, patches), (weight, patches)


def _backward(kept, signal):
    weight, patches = kept
    # Without the barrier XLA folds the transposition into the product, back to the slower order.
    transposed = jax.lax.optimization_barrier(signal.swapaxes(1, 2))
    return (
        jnp.einsum("pbc,pbk->pck", signal, patches),
        jnp.einsum("pcb,pck->pbk", transposed, weight),
    )


products.defvjp(_forward, _backward)


class Lc(ImageSpec):
    """Locally connected, `lc:ROWSxCOLUMNS,CHANNELS[,sSTRIDE][,pPADDING]`."""

    @property
    def kind(self):
        return LocallyConnected2d


@pair.register
def _(layer: LocallyConnected2d, change: Change, x, post: PyTree) -> LocallyConnected2d:
    rows, units = at_positions(layer, x, post)
    weight = over_examples(change, rows, units, jnp.zeros_like(layer.weight))
    return shaped_like(layer, weight, change, post)
