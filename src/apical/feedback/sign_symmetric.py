"""Feedback that shares only the signs of the forward weights.

Liao, Leibo & Poggio 2016; the three magnitudes are those of Moskovitz,
Litwin-Kumar & Abbott 2018: uniform, fixed random, and random for every batch.
"""

from abc import abstractmethod
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray, PyTree

from apical.feedback.feedback import Feedback, Transport
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Layer
from apical.networks.network import Network


class SignSymmetric(Feedback):
    """B_l = M_l * sign(W_{l+1})^T with magnitudes M_l > 0 that do not depend on W."""

    law: eqx.AbstractVar[Initialiser]
    """The magnitudes' law."""

    transport = Transport.SIGNS

    @abstractmethod
    def magnitudes(self, net: Network, kept: PyTree, key: PRNGKeyArray) -> Sequence[Array | float]:
        """M_l for each hidden layer, of the shape of `net.layers[l + 1].weight` or a number."""

    def layers(self, net: Network, kept: PyTree, key: PRNGKeyArray) -> tuple[Layer, ...]:
        return tuple(
            layer.with_weight(magnitude * jnp.sign(layer.weight))
            for layer, magnitude in zip(
                net.layers[1:], self.magnitudes(net, kept, key), strict=True
            )
        )


class USF(SignSymmetric):
    """Uniform: M_l is one number, the root mean square of `law`."""

    law: Initialiser = Glorot()
    """The magnitudes' law."""

    def init(self, net: Network, key: PRNGKeyArray) -> None:
        return None

    def magnitudes(self, net, kept, key):
        return [self.law.rms(*layer.fans) for layer in net.layers[1:]]


class FRSF(SignSymmetric):
    """Fixed random: M_l is drawn once, the absolute values of `law`."""

    law: Initialiser = Glorot()
    """The magnitudes' law."""

    def init(self, net: Network, key: PRNGKeyArray) -> tuple[Array, ...]:
        return _draw(self.law, net, key)

    def magnitudes(self, net, kept, key):
        return kept


class BRSF(SignSymmetric):
    """Batchwise random: M_l is drawn anew at every step."""

    law: Initialiser = Glorot()
    """The magnitudes' law."""

    def init(self, net: Network, key: PRNGKeyArray) -> None:
        return None

    def magnitudes(self, net, kept, key):
        return _draw(self.law, net, key)


def _draw(law: Initialiser, net: Network, key: PRNGKeyArray) -> tuple[Array, ...]:
    above = net.layers[1:]
    return tuple(
        jnp.abs(law.draw(k, layer.weight.shape, *layer.fans))
        for layer, k in zip(above, jax.random.split(key, len(above)), strict=True)
    )
