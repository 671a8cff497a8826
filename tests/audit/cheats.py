"""Rules that claim what they do not keep, each in a way of its own."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax

from apical.feedback import FixedRandom, Transport
from apical.networks.initialisers import Glorot
from apical.networks.losses import SquaredError
from apical.networks.network import Network
from apical.rules import BP, Credit, GhostMB, Rule, State
from apical.rules.rule import Traits
from apical.rules.sweep import sweep
from apical.settings import Settings

HONEST = Traits(Transport.NONE, memoryless=True)


class Cheat(Rule):
    """Feedback alignment but for what the cheat does; it claims what feedback alignment does."""

    @property
    def traits(self):
        return HONEST

    def init(self, net, batch, key):
        return State(kept=FixedRandom().init(net, key))

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        error = net.error(record, batch.y)
        signals = sweep(net, record, error, self.feedback(net, state, key))
        return Credit(net.gradients(record, signals), signals, kept=state.kept)

    def feedback(self, net, state, key):
        return state.kept


class Transposed(Cheat):
    def feedback(self, net, state, key):
        return net.layers[1:]


class Stopped(Cheat):
    def feedback(self, net, state, key):
        return tuple(l.with_weight(lax.stop_gradient(l.weight)) for l in net.layers[1:])


class DrawnFromWeights(Cheat):
    """Feedback weights are drawn anew, from a seed that the weights are."""

    def feedback(self, net, state, key):
        seeds = [jnp.sum(1e6 * layer.weight).astype(jnp.int32) for layer in net.layers[1:]]
        return tuple(
            layer.redrawn(Glorot(), jax.random.fold_in(key, seed))
            for layer, seed in zip(net.layers[1:], seeds, strict=True)
        )


class Signs(Cheat):
    def feedback(self, net, state, key):
        return tuple(
            back.with_weight(jnp.abs(back.weight) * jnp.sign(layer.weight))
            for back, layer in zip(state.kept, net.layers[1:], strict=True)
        )


class SizesToo(Signs):
    """Claims signs, and reads sizes."""

    @property
    def traits(self):
        return Traits(Transport.SIGNS, memoryless=True)

    def feedback(self, net, state, key):
        return tuple(l.with_weight(jnp.sign(l.weight) * jnp.abs(l.weight)) for l in net.layers[1:])


class OneLayer(Cheat):
    def feedback(self, net, state, key):
        _, *above = state.kept
        return (net.layers[1], *above)


class OneInTen(Cheat):
    """The transposed weights in one minibatch of ten, by its key."""

    def feedback(self, net, state, key):
        seldom = jax.random.uniform(jax.random.fold_in(key, 7)) < 0.1

        def one(back, layer):
            theirs = lax.cond(seldom, lambda w, b: w, lambda w, b: b, layer.weight, back.weight)
            return back.with_weight(theirs)

        return tuple(map(one, state.kept, net.layers[1:]))


class WhenSaturated(Cheat):
    """The transposed weights where a unit is saturated, which no unit is where it is looked at."""

    def feedback(self, net, state, key):
        large = jnp.max(jnp.abs(net.layers[0].weight)) > 1e3
        return tuple(
            back.with_weight(jnp.where(large, layer.weight, back.weight))
            for back, layer in zip(state.kept, net.layers[1:], strict=True)
        )


class Looped(Cheat):
    """The transposed weights, once round a loop whose length is not known."""

    def feedback(self, net, state, key):
        def carried(weight):
            return lax.while_loop(lambda s: s[0] < 1, lambda s: (s[0] + 1, s[1] + weight),
                                  (0, jnp.zeros_like(weight)))[1]  # fmt: skip

        return tuple(layer.with_weight(carried(layer.weight)) for layer in net.layers[1:])


class Called(Cheat):
    """The transposed weights by way of Python, which no trace follows."""

    def feedback(self, net, state, key):
        def by_python(weight):
            # JAX may call it in a thread of its own, where float64 is not enabled.
            w = weight.astype(jnp.float32)
            shape = jax.ShapeDtypeStruct(w.shape, w.dtype)
            told = jax.pure_callback(lambda w: w, shape, w, vmap_method="sequential")
            return told.astype(weight.dtype)

        return tuple(layer.with_weight(by_python(layer.weight)) for layer in net.layers[1:])


class Probed(Cheat):
    """Asks each layer what it gives for a unit more, one after the other."""

    def feedback(self, net, state, key):
        def weight(layer):
            zero = jnp.zeros((1, *layer.in_shape), layer.weight.dtype)
            units = jnp.eye(layer.in_shape[0], dtype=layer.weight.dtype)
            return (layer.preactivation(units) - layer.preactivation(zero)).T

        return tuple(layer.with_weight(weight(layer)) for layer in net.layers[1:])


class ProbedByExamples(Cheat):
    """The same with a unit more for each example of a minibatch: as if it was a forward pass."""

    def credit(self, net, state, batch, key):
        activities = net.record(batch.x).activities

        def probed(layer, h):
            def of_unit(j):
                more = h.at[:, j].add(0.5)
                return jnp.mean(layer.preactivation(more) - layer.preactivation(h), axis=0) / 0.5

            return layer.with_weight(jnp.stack([of_unit(j) for j in range(h.shape[1])], axis=1))

        kept = tuple(map(probed, net.layers[1:], activities[1:-1]))
        credit = super().credit(net, State(kept=kept), batch, key)
        return dataclasses.replace(credit, kept=state.kept)


class CopiedAtFirst(Cheat):
    """Feedback weights are those that the network begins with."""

    def init(self, net, batch, key):
        return State(kept=net.layers[1:])


class OfLastStep(Cheat):
    """Feedback weights are the forward ones of the step before."""

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        now = tuple(
            back.with_weight(layer.weight)
            for back, layer in zip(state.kept, net.layers[1:], strict=True)
        )
        return eqx.tree_at(lambda c: c.kept, credit, now)


class OfStepsAgo(Cheat):
    """Feedback weights are the forward ones of some steps ago."""

    steps: int = 3

    def init(self, net, batch, key):
        return State(kept=(FixedRandom().init(net, key),) * self.steps)

    def feedback(self, net, state, key):
        return state.kept[0]

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        now = tuple(layer.with_weight(layer.weight) for layer in net.layers[1:])
        backs = zip(state.kept[0], now, strict=True)
        last = tuple(back.with_weight(layer.weight) for back, layer in backs)
        return dataclasses.replace(credit, kept=(*state.kept[1:], last))


class OfManyStepsAgo(OfStepsAgo):
    steps: int = 6


class LearnedFeedback(Cheat):
    """Feedback weights are learned: step by step they come nearer to the forward ones, which the
    step reads."""

    def init(self, net, batch, key):
        return State(learned=FixedRandom().init(net, key))

    def feedback(self, net, state, key):
        return state.learned

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        backs = zip(state.learned, net.layers[1:], strict=True)
        apart = tuple(back.with_weight(back.weight - layer.weight) for back, layer in backs)
        return dataclasses.replace(credit, learned=apart)


class Mirrored(LearnedFeedback):
    """No cheat: feedback weights are learned from what the layers make of noise.

    Source: Akrout et al. 2019, weight mirrors.
    """

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        learned = []
        for back, layer, h in zip(
            state.learned, net.layers[1:], net.record(batch.x).activities[1:], strict=False
        ):
            noise = jax.random.normal(key, h.shape, h.dtype)
            heard = layer.preactivation(noise)
            mirrored = heard.T @ noise / len(h)
            learned.append(back.with_weight(back.weight - mirrored))
        return dataclasses.replace(credit, learned=tuple(learned))


class ByAutodiff(Cheat):
    """Backpropagation, with no word of it: the derivative of the loss."""

    def credit(self, net, state, batch, key):
        def loss(net):
            return jnp.mean(net.losses(net.record(batch.x), batch.y))

        credit = super().credit(net, state, batch, key)
        return eqx.tree_at(lambda c: _weights(c.network), credit, _weights(jax.grad(loss)(net)))


class FalseSignals(Cheat):
    """Its teaching signals are honest, and its updates are not made from them."""

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        return eqx.tree_at(
            lambda c: c.network, credit, BP().credit(net, State(), batch, key).network
        )


class LearnedInInit(Cheat):
    """`init` runs backpropagation on the minibatch whose shapes it is shown."""

    def init(self, net, batch, key):
        gradient = BP().credit(net, State(), batch, key).network
        return State(kept=(FixedRandom().init(net, key), gradient))

    def feedback(self, net, state, key):
        return state.kept[0]

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        changes = jax.tree.map(
            lambda a, b: a + b, _weights(credit.network), _weights(state.kept[1])
        )
        return eqx.tree_at(lambda c: _weights(c.network), credit, changes)


def _weights(net: Network) -> tuple[jax.Array, ...]:
    return tuple(layer.weight for layer in net.layers)


class Normalised(Cheat):
    """Its signals are normalised over the minibatch."""

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        signals = sweep(net, record, net.error(record, batch.y), state.kept)
        signals = tuple(s / (1e-3 + jnp.std(s, axis=0)) for s in signals)
        return Credit(net.gradients(record, signals), signals, kept=state.kept)


class NormalisedForOne(Normalised):
    """The same, with a recipe of one example at a time."""

    recipe = Settings(batch_size=1)


class Whitened(Cheat):
    """Its updates are made smaller where the minibatch's activities are alike, its signals not."""

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        scale = jnp.var(batch.x)
        changes = tuple(w * scale for w in _weights(credit.network))
        return eqx.tree_at(lambda c: _weights(c.network), credit, changes)


class Remembering(Cheat):
    """Adds what it said to the minibatch before."""

    def init(self, net, batch, key):
        return State(kept=(FixedRandom().init(net, key), jax.tree.map(jnp.zeros_like, net)))

    def feedback(self, net, state, key):
        return state.kept[0]

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        before = state.kept[1]
        changes = tuple(
            a + 0.5 * b for a, b in zip(_weights(credit.network), _weights(before), strict=True)
        )
        kept = eqx.tree_at(_weights, before, _weights(credit.network))
        credit = eqx.tree_at(lambda c: _weights(c.network), credit, changes)
        return dataclasses.replace(credit, kept=(state.kept[0], kept))


class Polynomial(Cheat):
    """The derivative of tanh, as 1 - h^2 of the activity."""

    @property
    def traits(self):
        return Traits(Transport.NONE, memoryless=True, derivative_free=True)

    def slope(self, layer, a, h):
        return 1 - h * h

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        signals = [net.error(record, batch.y)]
        for l, back in reversed(list(enumerate(state.kept))):
            slope = self.slope(net.layers[l], record.preactivations[l], record.activities[l + 1])
            signals.insert(0, slope * back.pull(signals[0]))
        return Credit(net.gradients(record, tuple(signals)), tuple(signals), kept=state.kept)


class PolynomialInUpdates(Cheat):
    """The same in the updates alone: the signals have none."""

    @property
    def traits(self):
        return Polynomial().traits

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        signals = [net.error(record, batch.y)]
        for back in reversed(state.kept):
            signals.insert(0, back.pull(signals[0]))
        *hidden, output = signals
        slopes = [1 - h * h for h in record.activities[1:-1]]
        sloped = [s * slope for s, slope in zip(hidden, slopes, strict=True)]
        gradients = net.gradients(record, (*sloped, output))
        return Credit(gradients, tuple(signals), kept=state.kept)


class PolynomialAbove(Polynomial):
    """A layer's signal has the derivative of the layer above it, and not its own."""

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        signals = [net.error(record, batch.y)]
        travels = signals[0]
        for h, back in reversed(list(zip(record.activities[1:-1], state.kept, strict=True))):
            signals.insert(0, back.pull(travels))
            travels = signals[0] * (1 - h * h)
        return Credit(net.gradients(record, tuple(signals)), tuple(signals), kept=state.kept)


class Difference(Polynomial):
    """The derivative, by asking the activation twice."""

    def slope(self, layer, a, h):
        return (layer.activation(a + 1e-3) - layer.activation(a - 1e-3)) / 2e-3


class Asked(Polynomial):
    """The derivative, as any rule may ask for it that does not say it needs none."""

    def slope(self, layer, a, h):
        return layer.modulate(a, jnp.ones_like(a))


class Twice(Cheat):
    """Claims the gradient, and gives twice that."""

    @property
    def traits(self):
        return Traits(Transport.WEIGHTS, gradient=True, memoryless=True)

    def init(self, net, batch, key):
        return State()

    def credit(self, net, state, batch, key):
        credit = BP().credit(net, state, batch, key)
        return eqx.tree_at(
            lambda c: c.network, credit, jax.tree.map(lambda w: 2 * w, credit.network)
        )


class Summed(Cheat):
    """Its updates are sums over the minibatch."""

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        changes = tuple(len(batch.x) * w for w in _weights(credit.network))
        return eqx.tree_at(lambda c: _weights(c.network), credit, changes)


class Decaying(Cheat):
    """Weights decay, error or none."""

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        changes = tuple(
            a + 1e-2 * w for a, w in zip(_weights(credit.network), _weights(net), strict=True)
        )
        return eqx.tree_at(lambda c: _weights(c.network), credit, changes)


class Hebb(Rule):
    """dW = <post pre>, which is local and needs no label; what it claims."""

    recipe = Settings(loss=SquaredError())

    @property
    def traits(self):
        return Traits(
            Transport.NONE, error_driven=False, derivative_free=True, memoryless=True, local=True,
            label_free=True,
        )  # fmt: skip

    def init(self, net, batch, key):
        return State()

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        signals = tuple(self.post(h, batch) for h in record.activities[1:])
        return Credit(net.gradients(record, signals), signals)

    def post(self, h, batch):
        return -h


class LocalLosses(Cheat):
    """Every layer learns to tell the label from its own activity, by the derivative of a loss of
    its own; honest."""

    def init(self, net, batch, key):
        shapes = [(layer.out_shape[0], net.units) for layer in net.layers[:-1]]
        keys = jax.random.split(key, len(shapes))
        drawn = [jax.random.normal(k, s) for k, s in zip(keys, shapes, strict=True)]
        return State(kept=tuple(drawn))

    @property
    def traits(self):
        return Traits(Transport.NONE, error_driven=False, memoryless=True)

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        layers = list(
            net.gradients(record, (*record.activities[1:-1], self.error(net, batch))).layers
        )
        for l, readout in enumerate(state.kept):
            x = lax.stop_gradient(record.activities[l])

            def loss(layer, x=x, readout=readout):
                told = layer(x) @ readout
                return jnp.mean(jnp.sum((told - batch.y) ** 2, axis=1))

            layers[l] = jax.grad(loss)(net.layers[l])
        changes = Network(tuple(layers), net.loss)
        signals = tuple(jnp.zeros_like(a) for a in record.preactivations)
        return Credit(changes, signals, kept=state.kept)

    def error(self, net, batch):
        return net.error(net.record(batch.x), batch.y)


class SummedOverUnits(Hebb):
    """Reads the sum over the layer's units."""

    def post(self, h, batch):
        return -h + 0.1 * jnp.sum(h, axis=1, keepdims=True)


class Supervised(Hebb):
    """Reads the label."""

    def post(self, h, batch):
        return -h * (1 + 0.1 * batch.y[:, :1])


class FromBelow(Hebb):
    """A weight reads what its unit's other weights read."""

    def credit(self, net, state, batch, key):
        record = net.record(batch.x)
        signals = tuple(
            -h * jnp.mean(below, axis=1, keepdims=True)
            for below, h in zip(record.activities[:-1], record.activities[1:], strict=True)
        )
        return Credit(net.gradients(record, signals), signals)


class SelfOrthogonal(Hebb):
    """A weight's change reads the other weights of its layer."""

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        changes = tuple(
            change + 0.1 * w @ w.T @ w
            for change, w in zip(_weights(credit.network), _weights(net), strict=True)
        )
        return eqx.tree_at(lambda c: _weights(c.network), credit, changes)


class OwnWeight(Hebb):
    """No cheat: a weight's change reads that weight."""

    def credit(self, net, state, batch, key):
        credit = super().credit(net, state, batch, key)
        changes = tuple(
            change + 0.1 * w
            for change, w in zip(_weights(credit.network), _weights(net), strict=True)
        )
        return eqx.tree_at(lambda c: _weights(c.network), credit, changes)


class SettlesUnseen(Cheat):
    """Claims dynamics and shows none."""

    @property
    def traits(self):
        return Traits(Transport.NONE, memoryless=True, settles=True)


class GhostClaimingNone(GhostMB):
    """Leads signals through the transposed weights of its circuit."""

    @property
    def traits(self):
        return Traits(
            Transport.NONE, error_driven=False, independent=False, settles=True,
        )  # fmt: skip


class OtherCircuit(GhostClaimingNone):
    """Shows a circuit of fixed feedback weights, and runs one of transposed ones."""

    def dynamics(self, net, state, batch, key):
        fixed = eqx.tree_at(lambda r: r.feedback, self, FixedRandom())
        kept = fixed.init(net, batch, jax.random.key(3)).kept
        shown = eqx.tree_at(lambda k: k.feedback, state.kept, kept.feedback,
                            is_leaf=lambda leaf: leaf is None)  # fmt: skip
        return GhostMB.dynamics(fixed, net, State(kept=shown), batch, key)


class GhostDerivative(GhostMB):
    """The update of a hidden layer is times the derivative of its units' activation."""

    @property
    def traits(self):
        return dataclasses.replace(super().traits, derivative_free=True)

    def dynamics(self, net, state, batch, key):
        circuit = super().dynamics(net, state, batch, key)
        return circuit._replace(credit=lambda ms: self.sloped(net, batch, circuit.credit(ms)))

    def credit(self, net, state, batch, key):
        return self.sloped(net, batch, super().credit(net, state, batch, key))

    def sloped(self, net, batch, credit):
        first, *above = credit.network.layers
        a = net.record(batch.x).preactivations[0]
        slope = net.layers[0].modulate(a, jnp.ones_like(a)).mean(axis=0)
        layers = (first.with_weight(slope[:, None] * first.weight), *above)
        return eqx.tree_at(lambda c: c.network.layers, credit, layers)


CAUGHT: dict[type[Rule], str] = {
    Transposed: "transport: claims none; layer 1's signal or update reads the weights of layers",
    Stopped: "transport: claims none; layer 1's signal or update reads the weights of layers",
    DrawnFromWeights: "transport: claims none; layer 2's signal or update reads the weights",
    Signs: "transport: claims none; layer 1's signal or update reads the signs of weights",
    SizesToo: "transport: claims signs; layer 2's signal or update reads the weights of layer 3",
    OneLayer: "transport: claims none; layer 1's signal or update reads the weights of layer 2",
    OneInTen: "reads the weights of layer 3 (now) (by trace and perturbation)",
    WhenSaturated: "reads the weights of layer 3 (now) (by trace alone)",
    Looped: "reads the weights of layer 3 (now)",
    Called: "reads the weights of layer 3 (now)",
    Probed: "reads the weights of layer 3 (now) (by trace and perturbation)",
    ProbedByExamples: "reads the weights of layer 3 (now) (by perturbation alone)",
    CopiedAtFirst: "reads the weights of layer 3 (init)",
    OfLastStep: "reads the weights of layer 3 (past)",
    OfStepsAgo: "reads the weights of layer 3 (past) (by trace and perturbation)",
    OfManyStepsAgo: "reads the weights of layer 3 (past) (by trace alone)",
    LearnedFeedback: "reads the weights of layer 3 (past) (by trace and perturbation)",
    ByAutodiff: "layer 2's signal or update reads the weights of layer 3 (now)",
    FalseSignals: "layer 2's signal or update reads the weights of layer 3 (now)",
    LearnedInInit: "init: may read no values of the minibatch that it is shown",
    Normalised: "independent: claims that examples do not depend on each other; layer 1's update",
    NormalisedForOne: "independent: claims that examples do not depend on each other; layer 1's "
    "update",
    Whitened: "independent: claims that examples do not depend on each other; what two examples",
    Remembering: "memoryless: claims to forget minibatches; layer 1's update depends",
    Polynomial: "derivative_free: claims to read no derivative; layer 1's update follows",
    PolynomialInUpdates: "derivative_free: claims to read no derivative; layer 2's update follows",
    PolynomialAbove: "derivative_free: claims to read no derivative; layer 1's update follows",
    Difference: "derivative_free: claims to read no derivative; layer 1's update follows",
    Asked: "derivative_free: claims to read no derivative; layer 2's update reads that of layer 2",
    Twice: "gradient: claims to be the loss's gradient; ",
    Summed: "independent: claims the mean over the examples of a minibatch; layer 1's update is",
    Decaying: "error_driven: claims to change nothing where there is no error",
    SummedOverUnits: "local: claims to read a weight's own two units; layer 1's update reads other "
    "units of its layer",
    Supervised: "label_free: claims to need no label; layer 1's update reads it",
    FromBelow: "reads other units of the layer below",
    SelfOrthogonal: "layer 1's update reads other weights of its layer (by trace and perturbation)",
    SettlesUnseen: "settles: claims dynamics of its own and shows none",
    GhostClaimingNone: "reads the weights of layer 2 (now) (by trace and perturbation)",
    GhostDerivative: "derivative_free: claims to read no derivative; layer 1's update reads that",
    OtherCircuit: "settles: shows a circuit that is not what it does",
}
"""What each is told."""
