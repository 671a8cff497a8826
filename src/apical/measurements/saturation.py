"""How many units are saturated: their activation is too flat to pass a signal on."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.errors import UsageError
from apical.measurements.measurement import Measurement
from apical.networks.layers import Layer

REACH, POINTS = 20.0, 4001
"""The greatest derivative is looked for at so many preactivations between -REACH and REACH, of
which 0 is one."""


class Saturation(Measurement):
    """The share of a layer's units and examples with |sigma'(a)| < below * max |sigma'|.

    The greatest derivative is the activation's own (1 of tanh and relu, 1/4 of sigmoid) and not
    that of the units at hand, or a layer whose units all are saturated would have none. Of relu it
    is the share that is off, of identity it is 0. Units of a softmax, whose activity
    depends on each other's, have no such number.

    `below` is 0.05: through such a unit a signal comes out twenty times smaller than through one
    that is not saturated. Of tanh these have |h| > 0.975.

    Source: Glorot & Bengio 2010, who draw how many activities come near to the bounds of tanh.

    !!! example

        >>> from apical.networks.activations import tanh
        >>> from apical.networks.layers import Dense
        >>> layer = Dense(jnp.eye(2), None, (2,), tanh)
        >>> float(saturated(layer, jnp.array([[0.0, 9.0], [0.1, -0.1]]), below=0.05))
        0.25
    """

    below: float = 0.05

    def __check_init__(self):
        if not 0 < self.below <= 1:
            raise UsageError(
                f"below of saturation: must be more than 0 and at most 1, got {self.below}"
            )

    def __call__(self, net, x, y, update):
        record = net.record(x)
        return {
            "share": [
                None if layer.activation.couples else saturated(layer, a, self.below)
                for layer, a in zip(net.layers, record.preactivations, strict=True)
            ]
        }


def saturated(layer: Layer, a: Float[Array, "batch ..."], below: float) -> Float[Array, ""]:
    """The share of the preactivations of a layer at which it is saturated."""
    grid = jnp.linspace(-REACH, REACH, POINTS, dtype=a.dtype)
    slope, greatest = (jnp.abs(layer.modulate(at, jnp.ones_like(at))) for at in (a, grid))
    return jnp.mean(slope < below * jnp.max(greatest), dtype=a.dtype)
