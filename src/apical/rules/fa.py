"""Feedback alignment: backpropagation through feedback weights that are not the forward ones."""

from apical.feedback import Feedback, FixedRandom
from apical.rules.rule import Credit, Rule, State, Traits
from apical.rules.sweep import chain, sweep


class FA(Rule):
    """delta_l = sigma_l'(a_l) * B_l delta_{l+1}, from delta_L = dL/da_L.

    `feedback` says what B_l is: fixed random weights (feedback alignment, the
    default), the signs of the forward weights (sign-symmetry), or their
    transpose (backpropagation).

    Source: Lillicrap, Cownden, Tweed & Akerman 2016.
    """

    name = "fa"
    feedback: Feedback = FixedRandom()

    @property
    def traits(self):
        return Traits(transport=self.feedback.transport)

    def init(self, net, batch, key):
        return State(kept=self.feedback.init(net, key))

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        feedback = self.feedback.layers(net, state.kept, key)
        signals = sweep(net, record, net.error(record, batch.y), feedback)
        return Credit(
            net.gradients(record, signals), signals, kept=state.kept, links=chain(feedback)
        )
