"""Direct feedback alignment: the output error is broadcast to every layer."""

from apical.feedback import Transport
from apical.feedback.broadcast import Broadcast, Stored
from apical.networks.initialisers import Glorot, Initialiser
from apical.rules.rule import Credit, Link, Rule, State, Traits


class DFA(Rule):
    """delta_l = sigma_l'(a_l) * B_l delta_L, with delta_L = dL/da_L.

    B_l leads straight from the output to layer l, drawn once from `law`. It has as many weights
    as the layer has units times the classes: for large images, `--broadcast regenerated`.

    Source: Nokland 2016.
    """

    name = "dfa"
    law: Initialiser = Glorot()
    """How the feedback weights are drawn."""
    broadcast: Broadcast = Stored()
    """Whether they are stored or drawn again at every step."""

    @property
    def traits(self):
        return Traits(transport=Transport.NONE)

    def init(self, net, batch, key):
        return State(kept=self.broadcast.init(net, self.law, key))

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        error = net.error(record, batch.y)
        led = self.broadcast.lead(net, self.law, state.kept, error)
        hidden = (
            layer.modulate(a, signal)
            for layer, a, signal in zip(net.layers, record.preactivations, led, strict=False)
        )
        signals = (*hidden, error)
        output = len(net.layers) - 1
        feedback = self.broadcast.layers(net, self.law, state.kept)
        links = tuple(Link(back, source=output, target=l) for l, back in enumerate(feedback))
        return Credit(net.gradients(record, signals), signals, kept=state.kept, links=links)
