"""Fixed random feedback weights (Lillicrap et al. 2016)."""

import jax

from apical.feedback.feedback import Feedback, Transport
from apical.networks.initialisers import Glorot, Initialiser


class FixedRandom(Feedback):
    """B_l drawn once from `law`, independent of the forward weights, never changed."""

    law: Initialiser = Glorot()

    transport = Transport.NONE

    def init(self, net, key):
        above = net.layers[1:]
        return tuple(
            layer.redrawn(self.law, k)
            for layer, k in zip(above, jax.random.split(key, len(above)), strict=True)
        )

    def layers(self, net, kept, key):
        return kept
