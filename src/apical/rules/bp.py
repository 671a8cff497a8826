"""Backpropagation, and the reference that every other rule is measured against."""

from jaxtyping import PRNGKeyArray

from apical.feedback import Transport
from apical.networks.network import Network
from apical.rules.rule import Batch, Credit, Rule, State, Traits
from apical.rules.sweep import layer_by_layer, sweep


class BP(Rule):
    """Backpropagation: the error travels down through the transposed forward weights.

    delta_l = sigma_l'(a_l) * W_{l+1}^T delta_{l+1}, from delta_L = dL/da_L. The pseudo-gradient of
    W_l is delta_l h_{l-1}^T, that of b_l is delta_l.

    Source: Rumelhart, Hinton & Williams 1986.
    """

    name = "bp"

    @property
    def traits(self) -> Traits:
        return Traits(transport=Transport.WEIGHTS, gradient=True, memoryless=True)

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        return State()

    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        record = net.record(batch.x)
        above = net.layers[1:]
        signals = sweep(net, record, net.error(record, batch.y), above)
        return Credit(net.gradients(record, signals), signals, pathways=layer_by_layer(above))
