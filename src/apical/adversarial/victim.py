"""A trained network as an adversary meets it: a function of points of the unit cube."""

import equinox as eqx
from jaxtyping import Array, Float

from apical.adversarial.box import Box
from apical.data.preprocessing import Affine
from apical.networks.network import Network, Record
from apical.networks.targets import decode


class Victim(eqx.Module):
    """The network behind its preprocessing; inputs are points of `box`'s unit cube."""

    net: Network
    transform: Affine
    box: Box

    def record(self, u: Float[Array, "batch ..."]) -> Record:
        return self.net.record(self.transform(self.box.raw(u)))

    def labels(self, u: Float[Array, "batch ..."]) -> Array:
        """What the network takes the inputs for."""
        return decode(self.record(u).output)
