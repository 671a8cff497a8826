"""The limit in which feedback weights are the transposed forward ones."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from apical.networks.network import Network


def with_forward_weights(state: PyTree, net: Network, part: Float[Array, ""]) -> PyTree:
    """A rule's state led to the forward weights: `part` 0 leaves it, 1 brings it there.

    An array of the state that is shaped as the weights of a layer above the first, or as these
    transposed, becomes these. Feedback alignment then is backpropagation, and ghosts cancel what
    they are made to cancel. No two weights of a specimen are of one shape.
    """
    forward = {}
    for layer in net.layers[1:]:
        forward[layer.weight.shape] = layer.weight
        forward[layer.weight.T.shape] = layer.weight.T

    def led(leaf):
        if jnp.shape(leaf) not in forward:
            return leaf
        return leaf + part * (forward[jnp.shape(leaf)] - leaf)

    return jax.tree.map(led, state)
