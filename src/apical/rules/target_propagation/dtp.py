"""Difference target propagation: learned inverses lead a target down, corrected for their error."""

from typing import ClassVar

from apical.errors import positive
from apical.feedback import Transport
from apical.networks.activations import named
from apical.networks.initialisers import Glorot, Initialiser
from apical.rules.rule import State, Traits
from apical.rules.target_propagation.inverses import (
    InverseLoss,
    LocalLoss,
    NoisePreserving,
    Summed,
    difference_targets,
    inverses,
)
from apical.rules.target_propagation.rule import BOTH_ADAMS, TargetPropagation, needs_hidden_layers
from apical.values.ranges import Linear, Space


class DTP(TargetPropagation):
    """ĥ_{L-1} = h_{L-1} - alpha dL/dh_{L-1};  ĥ_{l-1} = h_{l-1} - g_l(h_l) + g_l(ĥ_l).

    The output layer's weights carry the gradient to the layer below it, and no other weights
    carry anything: g_2 .. g_{L-1} do the rest. L is the loss of one example.

    Source: Lee, Zhang, Fischer & Bengio 2015; Bartunov et al. 2018.
    """

    name = "dtp"
    space: ClassVar[Space] = {**BOTH_ADAMS, "alpha": Linear(0.01, 0.4)}
    alpha: float = 0.2
    """Length of the gradient step that makes the uppermost target."""
    inverse: InverseLoss = NoisePreserving()
    """What the inverses learn."""
    local: LocalLoss = Summed()
    """How the squares of a local loss are put together."""
    law: Initialiser = Glorot()
    """How the inverses are drawn."""
    inverse_activation: str | None = None
    """Activation of the inverses; None: that of the layer below."""

    def __check_init__(self):
        positive(alpha=self.alpha)

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS)

    def init(self, net, batch, key):
        needs_hidden_layers(self.name, net)
        activation = None if self.inverse_activation is None else named(self.inverse_activation)
        return State(learned=inverses(net.layers[:-1], self.law, key, activation))

    def inverted(self, net, state):
        return net.layers[1:-1]

    def targets(self, net, state, record, batch):
        *_, output = net.layers
        hidden = record.activities[1:-1]
        top = hidden[-1] - self.alpha * output.pull(net.error(record, batch.y))
        return difference_targets(state.learned, hidden, top)
