"""The transposed forward weights themselves: weight transport, as in backpropagation."""

from jaxtyping import PRNGKeyArray

from apical.feedback.feedback import Feedback, Transport
from apical.networks.layers import Layer
from apical.networks.network import Network


class Transpose(Feedback):
    """B_l = W_{l+1}^T of the moment."""

    transport = Transport.WEIGHTS

    def init(self, net: Network, key: PRNGKeyArray) -> None:
        return None

    def layers(self, net: Network, kept: None, key: PRNGKeyArray) -> tuple[Layer, ...]:
        return net.layers[1:]
