"""Supervised learning by a rule: a network, what the rule owns, and an optimizer for each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, PyTree

from apical.diagnostics import alignment
from apical.diagnostics.asked_for import measured
from apical.diagnostics.inversion import FEW, contractions
from apical.errors import UsageError
from apical.networks.layers import Layer
from apical.networks.network import Network
from apical.rules import Batch, Rule, State
from apical.rules.rule import refuse_other_shapes
from apical.rules.target_propagation.rule import TargetPropagation
from apical.settings import Settings
from apical.settings.turns import TOGETHER
from apical.training.build import build
from apical.training.learner import Examples, Keys, Learner
from apical.training.optimizer import Optimizers
from apical.training.passes import mean_over_passes
from apical.values.spelling import spell


class Carry(eqx.Module):
    """A network and the rule's state, each with its optimizer's."""

    net: Network
    state: State
    optimizer: PyTree
    learned_optimizer: PyTree


@dataclass(frozen=True)
class Supervised(Learner):
    """A network that a rule trains towards the settings' target."""

    rule: Rule
    settings: Settings = field(compare=False)
    n_classes: int
    optimizers: Optimizers
    _compiled: Settings = field(init=False, repr=False)
    """What programs may read of the settings: learners that differ in others share theirs."""

    def __post_init__(self):
        read = replace(
            self.settings, epochs=1, stop=(), steps_per_epoch=None, record_test=False, diagnose=()
        )
        object.__setattr__(self, "_compiled", read)

    @property
    def about(self):
        return {"rule": self.rule.name, "spelled": spell(self.rule)}

    @property
    def remedy(self):
        return f"lower lr (now {self.settings.lr:g}) or set clip_norm"

    @property
    def bound_to_epochs(self):
        return self.settings.schedule.bound_to_epochs

    def metric(self, split):
        return self.settings.target.metric(split)

    def check(self, examples):
        loss, y = self.settings.loss, np.asarray(self.batch(examples).y)
        if not loss.suits(y):
            raise UsageError(
                f"target: {spell(self.settings.target)} gives rows of numbers from {y.min():g} to "
                f"{y.max():g} on this data, and {spell(loss)} takes {loss.takes}; use "
                "loss squared-error"
            )

    def start(self, examples, keys):
        return self._started(self._drawn(examples, keys), examples, keys)

    def start_from(self, first: Layer, examples: Examples, keys: Keys) -> Carry:
        """As `start`, but the first layer begins with the weights and biases of another."""
        net = self._drawn(examples, keys)
        layer = net.layers[0].with_parameters(first.weight, first.bias)
        net = eqx.tree_at(lambda net: net.layers[0], net, layer)
        return self._started(net, examples, keys)

    def _drawn(self, examples: Examples, keys: Keys) -> Network:
        return build(self.settings, examples.x.shape[1:], self.n_classes, keys.net)

    def _started(self, net: Network, examples: Examples, keys: Keys) -> Carry:
        return self.carry(net, self.rule.init(net, self.batch(examples), keys.rule))

    def carry(self, net: Network, state: State) -> Carry:
        """The carry before the first step of a network and a rule's state."""
        network, learned = self.optimizers
        return Carry(net, state, network.init(net), learned.init(state.learned))

    def plan(self, carry):
        # A rule that learns nothing of its own has no turns to take.
        learns = jax.tree.leaves(carry.state.learned)
        alternate = self.settings.alternate
        return alternate.plan if alternate and learns else TOGETHER

    def step(self, turn, carry, examples, key):
        """Credit from the rule, changes by the optimizers.

        A turn of what the rule learns reports its loss alone, so that nothing is computed for
        numbers that the network's turn then has.
        """
        batch, target = self.batch(examples), self.settings.target
        net, opt = carry.net, carry.optimizer
        learned, learned_opt = carry.state.learned, carry.learned_optimizer
        drawn = net.drawn(key)
        credit = self.rule.credit(drawn, carry.state, batch, key)
        refuse_other_shapes(self.rule.name, net.layers, credit.network.layers)
        # The compiler shares this forward pass with the rule's own.
        record = drawn.record(batch.x)
        metrics = {"train_loss": jnp.mean(net.losses(record, batch.y))}
        if turn.network:
            count = len(batch.y)
            tally = target.tally(record.output, batch.y, jnp.ones(count, bool))
            metrics |= {self.metric("train"): target.grade(tally, count), **credit.scalars}
            changes, opt = self.optimizers.network.update(credit.network, opt, net)
            net = optax.apply_updates(net, changes)
        if turn.learned and jax.tree.leaves(learned):
            changes, learned_opt = self.optimizers.learned.update(
                credit.learned, learned_opt, learned
            )
            learned = optax.apply_updates(learned, changes)
        state = State(learned, credit.kept, carry.state.epoch)
        return Carry(net, state, opt, learned_opt), metrics

    def after_epoch(self, carry):
        epoch = carry.state.epoch
        return carry if epoch is None else eqx.tree_at(lambda c: c.state.epoch, carry, epoch + 1)

    def parameters(self, carry):
        return carry.net

    def answer(self, parameters, x):
        """Mean output over the draws of what is random in the network."""
        return mean_over_passes(parameters, self.settings.passes, lambda net: net(x))

    def tally(self, parameters, examples, mask):
        """The sum of losses, and what the target counts. A random network's outputs and losses are
        means over its draws."""
        batch = self.batch(examples)

        def measure(net: Network) -> tuple[Array, Array]:
            record = net.record(batch.x)
            return record.output, net.losses(record, batch.y)

        output, losses = mean_over_passes(parameters, self.settings.passes, measure)
        counted = self.settings.target.tally(output, batch.y, mask)
        return jnp.sum(mask * losses)[None], counted

    def grade(self, tallies, split, count):
        if not count:
            return {f"{split}_loss": math.nan, self.metric(split): math.nan}
        (losses, counted), target = tallies, self.settings.target
        further = target.further(counted, count)
        return {
            f"{split}_loss": sum(map(float, losses)) / count,
            self.metric(split): float(target.grade(counted, count)),
            **{f"{split}_{n.replace(' ', '_')}": float(score) for n, score in further.items()},
        }

    def bytes_per_example(self, parameters):
        return max(map(activity, parameters.layers))

    def diagnose(self, carry, examples, key):
        """The alignment with backpropagation; of target propagation with inverses, whether they
        lead targets nearer to their aims (`diagnostics.inversion`); and what was asked for."""
        net, state, rule, probe = carry.net, carry.state, self.rule, self.cut(examples)
        aligned = alignment(net, state, probe, key, rule=rule)
        of_feedback = ("feedback_angle", "sign_agreement")
        found: dict[str, Any] = {
            "alignment": {
                name: _told(values, aligned.reached if name in of_feedback else None)
                for name, values in vars(aligned).items()
                if name != "reached"
            }
        }
        if self._inverts(carry):
            x = self.batch(examples).x[:FEW]
            values = contractions(net, state, x, key, rule=rule)
            inverted = [0 < l <= len(state.learned) for l in range(len(net.layers))]
            found["inversion"] = {"eigenvalue": _told(values, inverted)}
        if asked := self.settings.diagnose:
            found |= jax.tree.map(float, measured(net, state, probe, key, rule=rule, asked=asked))
        return found

    def diagnosing(self, carry, examples, key):
        net, state, rule = carry.net, carry.state, self.rule
        probe = jax.eval_shape(self.cut, examples)
        programs = [alignment.lower(net, state, probe, key, rule=rule)]
        if self._inverts(carry):
            programs.append(contractions.lower(net, state, examples.x[:FEW], key, rule=rule))
        if asked := self.settings.diagnose:
            programs.append(measured.lower(net, state, probe, key, rule=rule, asked=asked))
        return programs

    def _inverts(self, carry: Carry) -> bool:
        return isinstance(self.rule, TargetPropagation) and bool(carry.state.learned)

    def sizes(self, carry):
        weights = {f"layer {l + 1}'s weights": _size(w) for l, w in enumerate(carry.net.layers)}
        return {**weights, "the rule's state": _size(carry.state)}

    def sizes_within(self, carry, examples, key):
        batch, net = self.batch(examples), carry.net.drawn(key)
        record = net.record(batch.x)
        credit = self.rule.credit(net, carry.state, batch, key)
        found = {"the rule's state": _size(carry.state)}
        for l, layer in enumerate(carry.net.layers):
            found[f"layer {l + 1}'s weights"] = _size(layer)
            found[f"layer {l + 1}'s preactivations"] = _size(record.preactivations[l])
        for l, signal in reversed(list(enumerate(credit.signals))):
            found[f"layer {l + 1}'s teaching signal"] = _size(signal)
        return found

    def batch(self, examples: Examples) -> Batch:
        """The examples as the rule takes them, towards their targets."""
        settings = self.settings
        units = settings.target.units(settings.loss, examples.x.shape[1:], self.n_classes)
        return Batch(examples.x, settings.target(examples.x, examples.y, units))

    def cut(self, examples: Examples) -> Batch:
        """The examples as minibatches of the training size, (minibatches, size, ...)."""
        size = self.settings.batch_size
        return jax.tree.map(lambda a: a.reshape(-1, size, *a.shape[1:]), self.batch(examples))


def _told(values: Array, there: Sequence[bool] | None = None) -> list[float | None]:
    """A number for each layer, or for those of them where one is `there`."""
    numbers = np.asarray(values, float).tolist()
    return (
        numbers
        if there is None
        else [v if told else None for v, told in zip(numbers, there, strict=True)]
    )


def activity(layer: Layer) -> int:
    """Bytes of a layer's units for one example, and of the copies of its input in windows."""
    *positions, _ = layer.out_shape
    copies = math.prod(positions) * layer.fans[0] if positions else 0
    return (copies + math.prod(layer.out_shape)) * layer.weight.dtype.itemsize


@jax.jit
def _size(tree: Any) -> Array:
    """The largest magnitude among the numbers of a tree; counters and seeds are no sizes."""
    leaves = (leaf for leaf in jax.tree.leaves(tree) if leaf.size)
    floats = [leaf for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return jnp.max(jnp.array([0.0, *(jnp.max(jnp.abs(leaf)) for leaf in floats)]))
