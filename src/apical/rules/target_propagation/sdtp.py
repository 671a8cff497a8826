"""Simplified difference target propagation: the label's inverse makes the uppermost target."""

import jax

from apical.networks.activations import named
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Transposed
from apical.rules.label_inverse import LabelInverse
from apical.rules.rule import State
from apical.rules.target_propagation.inverses import (
    Denoising,
    InverseLoss,
    LocalLoss,
    Summed,
    difference_targets,
    inverses,
)
from apical.rules.target_propagation.rule import needs_hidden_layers


class SDTP(LabelInverse):
    """ĥ_{L-1} = h_{L-1} + step (g_L(y) - g_L(h_L));  ĥ_{l-1} = h_{l-1} - g_l(h_l) + g_l(ĥ_l).

    No gradient crosses a layer and no forward weights carry a signal. The paper has `step` 1 and
    inverses of the hidden activation, `--step 1 --output-inverse tanh`; with those it stalled or
    diverged on MNIST, so a shorter step and a linear g_L are the defaults, a deviation.

    Source: Bartunov, Santoro, Richards, Marris, Hinton & Lillicrap 2018.
    """

    name = "sdtp"
    step: float = 0.03
    """How far the uppermost target goes from the activity; the paper's is 1."""
    output_inverse: str = "identity"
    """Activation of g_L; the paper's is that of the hidden layers."""
    inverse: InverseLoss = Denoising()
    """What the inverses learn."""
    local: LocalLoss = Summed()
    """How the squares of a local loss are put together."""
    law: Initialiser = Glorot()
    """How the inverses are drawn."""

    def init(self, net, batch, key):
        needs_hidden_layers(self.name, net)
        for_hidden, for_output = jax.random.split(key)
        lower = inverses(net.layers[:-1], self.law, for_hidden)
        activation = named(self.output_inverse)
        g = Transposed.create(net.layers[-1], activation, key=for_output, init=self.law)
        return State(learned=(*lower, g))

    def inverted(self, net, state):
        return net.layers[1:]

    def targets(self, net, state, record, batch):
        *lower, g = state.learned
        hidden = record.activities[1:-1]
        top = hidden[-1] + self.step * (g(batch.y) - g(record.output))
        return difference_targets(lower, hidden, top)
