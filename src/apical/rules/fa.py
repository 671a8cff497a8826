"""Feedback alignment: backpropagation through feedback weights that are not the forward ones."""

from jaxtyping import PRNGKeyArray

from apical.feedback import Feedback, FixedRandom
from apical.networks.network import Network
from apical.rules.rule import Batch, Credit, Rule, State, Traits
from apical.rules.sweep import layer_by_layer, sweep


class FA(Rule):
    """Feedback alignment: backpropagation through feedback weights that are not the forward ones.

    delta_l = sigma_l'(a_l) * B_l delta_{l+1}, from delta_L = dL/da_L.

    `feedback` says what B_l is: fixed random weights (feedback alignment, the default), random
    magnitudes with the signs of the forward weights (sign-symmetry), or the transposed forward
    weights (backpropagation).

    Source: Lillicrap, Cownden, Tweed & Akerman 2016.
    """

    name = "fa"
    feedback: Feedback = FixedRandom()
    """What weights the signals travel through."""

    @property
    def traits(self) -> Traits:
        return Traits(transport=self.feedback.transport, memoryless=True)

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        return State(kept=self.feedback.init(net, key))

    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        record = net.record(batch.x)
        feedback = self.feedback.layers(net, state.kept, key)
        signals = sweep(net, record, net.error(record, batch.y), feedback)
        changes = net.gradients(record, signals)
        return Credit(changes, signals, kept=state.kept, pathways=layer_by_layer(feedback))
