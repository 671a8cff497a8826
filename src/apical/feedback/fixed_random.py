"""Fixed random feedback weights (Lillicrap et al. 2016)."""

import jax
from jaxtyping import PRNGKeyArray

from apical.feedback.feedback import Feedback, Transport
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Layer
from apical.networks.network import Network


class FixedRandom(Feedback):
    """B_l is drawn once from `law`, independently of the forward weights, and never changes."""

    law: Initialiser = Glorot()
    """How the feedback weights are drawn."""

    transport = Transport.NONE

    def init(self, net: Network, key: PRNGKeyArray) -> tuple[Layer, ...]:
        above = net.layers[1:]
        return tuple(
            layer.redrawn(self.law, k)
            for layer, k in zip(above, jax.random.split(key, len(above)), strict=True)
        )

    def layers(self, net: Network, kept: tuple[Layer, ...], key: PRNGKeyArray) -> tuple[Layer, ...]:
        return kept
