"""The interface of feedback: the weights that a teaching signal travels through."""

from abc import abstractmethod
from enum import Enum

import equinox as eqx
from jaxtyping import PRNGKeyArray, PyTree

from apical.networks.layers import Layer
from apical.networks.network import Network
from apical.values.value import Value


class Transport(Enum):
    """What of the downstream forward weights a teaching signal depends on."""

    NONE = "none"
    SIGNS = "signs"
    WEIGHTS = "weights"


class Feedback(Value):
    """Gives each hidden layer a feedback layer, which leads the signal down to it.

    A feedback layer has the geometry of the forward layer above; only its weights are the
    feedback's own.
    """

    transport: eqx.AbstractClassVar[Transport]
    """What of the forward weights the feedback reads."""

    @abstractmethod
    def init(self, net: Network, key: PRNGKeyArray) -> PyTree:
        """What the feedback keeps from step to step; None for nothing."""

    @abstractmethod
    def layers(self, net: Network, kept: PyTree, key: PRNGKeyArray) -> tuple[Layer, ...]:
        """The feedback layers of this step, from the input up.

        `layers(...)[l]` leads from `net.layers[l + 1]` to `net.layers[l]` by its `pull`.

        **Arguments:**

        - `net`: the network with the weights of the moment.
        - `kept`: what `init` gave.
        - `key`: for what is drawn in this step.
        """
