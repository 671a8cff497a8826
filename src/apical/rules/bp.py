"""Backpropagation, and the reference that every other rule is measured against."""

from apical.feedback import Transport
from apical.rules.rule import Credit, Rule, State, Traits
from apical.rules.sweep import chain, sweep


class BP(Rule):
    """delta_l = sigma_l'(a_l) * W_{l+1}^T delta_{l+1}, from delta_L = dL/da_L.

    The pseudo-gradient of W_l is delta_l h_{l-1}^T, that of b_l is delta_l.

    Source: Rumelhart, Hinton & Williams 1986.
    """

    name = "bp"

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS, gradient=True)

    def init(self, net, batch, key):
        return State()

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        above = net.layers[1:]
        signals = sweep(net, record, net.error(record, batch.y), above)
        return Credit(net.gradients(record, signals), signals, links=chain(above))
