"""Difference target propagation: targets led down by inverses, corrected for their error."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from jaxtyping import PRNGKeyArray

from apical.errors import positive
from apical.feedback import Transport
from apical.networks.activations import Activation
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Layer
from apical.networks.network import Network, Record
from apical.rules.rule import Batch, State, Traits
from apical.rules.target_propagation.inverses import (
    Activity,
    InverseLoss,
    LocalLoss,
    Map,
    NoisePreserving,
    Summed,
    inverses,
)
from apical.rules.target_propagation.rule import BOTH_ADAMS, TargetPropagation, needs_hidden_layers
from apical.values.ranges import Linear, Space


class DTP(TargetPropagation):
    """Difference target propagation: targets led down by inverses, corrected for their error.

    ĥ_{L-1} = h_{L-1} - alpha dL/dh_{L-1};  ĥ_{l-1} = h_{l-1} - g_l(h_l) + g_l(ĥ_l).

    L is the loss of one example. The output layer's weights carry its gradient to the layer below
    them. No other forward weights carry a signal: the inverses g_2 .. g_{L-1} do.

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
    inverse_activation: Activation | None = None
    """Activation of the inverses; None: that of the layer below."""
    noise_halved_after: float | None = None
    """Epochs after which the inverses' noise is half of its sigma; None: it stays."""

    def __check_init__(self):
        positive(alpha=self.alpha)

    @property
    def traits(self) -> Traits:
        return Traits(transport=Transport.WEIGHTS, memoryless=True)

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        needs_hidden_layers(self.name, net)
        learned = inverses(net.layers[:-1], self.law, key, self.inverse_activation)
        return State(learned=learned, epoch=self.first_epoch)

    def inverted(self, net: Network, state: State) -> tuple[Layer, ...]:
        return net.layers[1:-1]

    def targets(
        self, net: Network, state: State, record: Record, batch: Batch
    ) -> tuple[Activity, ...]:
        *_, output = net.layers
        hidden = record.activities[1:-1]
        top = hidden[-1] - self.alpha * output.pull(net.error(record, batch.y))
        return difference_targets(state.learned, hidden, top)


def difference_targets(
    inverses: Sequence[Map], activities: Sequence[Activity], top: Activity
) -> tuple[Activity, ...]:
    """ĥ_{l-1} = h_{l-1} - g_l(h_l) + g_l(ĥ_l), from the top down.

    The difference makes up for what g_l fails to reconstruct: where a target is the activity
    itself, so is the one below it.

    **Arguments:**

    - `inverses`: g_2 .. g_m.
    - `activities`: h_1 .. h_m, (batch, *out_shape) each.
    - `top`: ĥ_m.
    """
    targets = [top]
    for g, (below, h) in reversed(list(zip(inverses, pairwise(activities), strict=True))):
        targets.insert(0, below - g(h) + g(targets[0]))
    return tuple(targets)
