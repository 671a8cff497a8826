"""Target propagation: each target is the inverse of the target above."""

from jaxtyping import PRNGKeyArray

from apical.feedback import Transport
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Layer
from apical.networks.network import Network, Record
from apical.rules.rule import Batch, State, Traits
from apical.rules.target_propagation.inverses import (
    Activity,
    InverseLoss,
    LocalLoss,
    NoisePreserving,
    Summed,
    inverses_and_outputs,
)
from apical.rules.target_propagation.rule import TargetPropagation, needs_hidden_layers


class TP(TargetPropagation):
    """Target propagation: each target is the inverse of the target above.

    ĥ_L = y and ĥ_l = g_{l+1}(ĥ_{l+1}), with no correction for what g fails to reconstruct.

    Source: LeCun 1986; Bengio 2014; the form of Bartunov et al. 2018, who define but do not run it.
    """

    name = "tp"
    inverse: InverseLoss = NoisePreserving()
    """What the inverses learn."""
    local: LocalLoss = Summed()
    """How the squares of a local loss are put together."""
    law: Initialiser = Glorot()
    """How the inverses are drawn."""
    noise_halved_after: float | None = None
    """Epochs after which the inverses' noise is half of its sigma; None: it stays."""

    @property
    def traits(self) -> Traits:
        return Traits(transport=Transport.NONE, error_driven=False, memoryless=True)

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        needs_hidden_layers(self.name, net)
        *_, below, _ = net.layers
        learned = inverses_and_outputs(net.layers, self.law, key, below.activation)
        return State(learned=learned, epoch=self.first_epoch)

    def inverted(self, net: Network, state: State) -> tuple[Layer, ...]:
        return net.layers[1:]

    def targets(
        self, net: Network, state: State, record: Record, batch: Batch
    ) -> tuple[Activity, ...]:
        targets = [batch.y]
        for g in reversed(state.learned):
            targets.insert(0, g(targets[0]))
        return tuple(targets[:-1])
