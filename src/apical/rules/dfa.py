"""Direct feedback alignment: the output error is broadcast to every layer."""

import jax

from apical.activations import identity
from apical.initialisers import Glorot, Initialiser
from apical.layers import Dense
from apical.rules.rule import Credit, Link, Rule, State
from apical.traits import Traits, Transport


class DFA(Rule):
    """delta_l = sigma_l'(a_l) * B_l delta_L, with delta_L = dL/da_L.

    B_l leads straight from the output to layer l, drawn once from `law`.

    Source: Nokland 2016.
    """

    name = "dfa"
    law: Initialiser = Glorot()

    @property
    def traits(self):
        return Traits(transport=Transport.NONE)

    def init(self, net, batch, key):
        hidden = net.layers[:-1]
        return State(
            kept=tuple(
                Dense.create(layer.out_shape, net.units, identity, key=k, init=self.law, bias=False)
                for layer, k in zip(hidden, jax.random.split(key, len(hidden)), strict=True)
            )
        )

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        error = net.error(record, batch.y)
        hidden = (
            layer.modulate(a, back.pull(error))
            for layer, a, back in zip(net.layers, record.preactivations, state.kept, strict=False)
        )
        signals = (*hidden, error)
        output = len(net.layers) - 1
        links = tuple(Link(back, source=output, target=l) for l, back in enumerate(state.kept))
        return Credit(net.gradients(record, signals), signals, kept=state.kept, links=links)
