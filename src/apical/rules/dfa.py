"""Direct feedback alignment: the output error is broadcast to every layer."""

from jaxtyping import PRNGKeyArray

from apical.feedback import Broadcast, Stored, Transport
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.network import Network
from apical.rules.rule import Batch, Credit, Pathway, Rule, State, Traits


class DFA(Rule):
    """Direct feedback alignment: fixed random weights broadcast the output error to every layer.

    delta_l = sigma_l'(a_l) * B_l delta_L, with delta_L = dL/da_L.

    B_l leads straight from the output to layer l and is drawn once from `law`. It has as many
    weights as the layer has units, times the output units: for large images, use
    `--broadcast regenerated`.

    Source: Nokland 2016.
    """

    name = "dfa"
    law: Initialiser = Glorot()
    """How the feedback weights are drawn."""
    broadcast: Broadcast = Stored()
    """Whether they are stored, or drawn again at every step."""

    @property
    def traits(self) -> Traits:
        return Traits(transport=Transport.NONE, memoryless=True)

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        return State(kept=self.broadcast.init(net, self.law, key))

    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        record = net.record(batch.x)
        error = net.error(record, batch.y)
        led = self.broadcast.lead(state.kept, error)
        hidden = (
            layer.modulate(a, signal)
            for layer, a, signal in zip(net.layers, record.preactivations, led, strict=False)
        )
        signals = (*hidden, error)
        output = len(net.layers) - 1
        feedback = self.broadcast.layers(state.kept)
        pathways = tuple(Pathway(back, source=output, target=l) for l, back in enumerate(feedback))
        return Credit(net.gradients(record, signals), signals, kept=state.kept, pathways=pathways)
