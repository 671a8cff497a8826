"""The program that is audited: what a rule does with minibatches, as a function of arrays.

A rule's `init`, a minibatch that is past, and the one of now are one program, so that what comes by
way of the rule's state is seen as well. The forward pass is held (see `held`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.audit.held import held, ones
from apical.audit.specimen import Specimen
from apical.audit.tags import (
    FIRST_BATCH,
    KEY,
    LABEL,
    PAST_BATCH,
    SLOPE,
    UNIT,
    WEIGHTS,
    Tag,
    Tagged,
    Tagger,
)
from apical.audit.trace import UNROLLED
from apical.audit.transposed import with_forward_weights
from apical.networks.layers import Layer
from apical.networks.network import Network
from apical.rules import Batch, Credit, Rule, State
from apical.rules.rule import refuse_other_shapes

TIMES = 3
"""How often the past minibatch is met before the one of now."""
RATE = 0.01
"""Of the plain steps that what a rule learns takes there: so small that nothing grows."""


class Moment(eqx.Module):
    """A minibatch and the network that meets it, with a forward pass of its own."""

    net: Network
    batch: Batch
    preactivations: tuple[Float[Array, "batch ..."], ...]
    key: PRNGKeyArray

    @classmethod
    def of(cls, net: Network, batch: Batch, key: PRNGKeyArray) -> "Moment":
        """The forward pass that the network gives."""
        return cls(net, batch, net.record(batch.x).preactivations, key)


class Inputs(eqx.Module):
    """All that the program reads."""

    first_net: Network
    """As `init` meets it."""
    first: Batch
    first_key: PRNGKeyArray
    past: Moment
    now: Moment
    slopes: tuple[Float[Array, ""], ...]
    """What the derivative of each layer's activation is multiplied by."""
    transposed: Float[Array, ""]
    """How far the rule's state is led to the forward weights (see `transposed`)."""


class Outputs(eqx.Module):
    """What a rule says to the minibatch of now."""

    signals: tuple[Float[Array, "batch ..."], ...]
    updates: tuple[tuple[Array, Array | None], ...]
    """Of each layer's weights and biases."""


@dataclass(frozen=True)
class Program:
    """A function of `Inputs` or of another tree, a point of it for each specimen, and its tags."""

    traced: Any
    """As it is traced; see `held`."""
    perturbed: Any
    """As it is run on perturbed inputs."""
    points: tuple[PyTree, ...]
    tagged: Tagged


def inputs(specimen: Specimen, seed: int) -> Inputs:
    """The program's inputs at a specimen, with the activity that its network has."""
    keys = jax.random.split(jax.random.key(seed), 3)
    net = specimen.net
    past, now = (
        Moment.of(net, batch, key)
        for batch, key in zip((specimen.past, specimen.now), keys[1:], strict=True)
    )
    return Inputs(net, specimen.first, keys[0], past, now, ones(net), jnp.zeros(()))


def through_forward_pass(rule: Rule, points: tuple[Inputs, ...]) -> Program:
    """The program of a rule whose signals come from one forward pass."""
    return Program(
        partial(_minibatches, rule, traced=True),
        partial(_minibatches, rule, traced=False),
        points,
        _tagged(points[0]),
    )


def _minibatches(rule: Rule, given: Inputs, *, traced: bool) -> Outputs:
    def say(moment: Moment, state: State) -> Credit:
        net = held(moment.net, moment.batch.x, moment.preactivations, given.slopes, traced=traced)
        if not traced:
            state = with_forward_weights(state, moment.net, given.transposed)
        credit = rule.credit(net, state, moment.batch, moment.key)
        changes = outputs(credit).updates
        layers = [(layer.weight, layer.bias) for layer in moment.net.layers]
        refuse_other_shapes(rule.name, layers, changes)
        return credit

    learn = partial(_learned, rule, given.past)
    return outputs(after_the_past(rule, given, say, traced=traced, learn=learn))


def _learned(rule: Rule, past: Moment, state: State) -> PyTree:
    """What a rule learned, after a step from weights that are past.

    It may come to know of weights by activity, as inverses do, and of minibatches: so activity,
    examples and keys are constants here, and what is left is what it reads of the weights
    themselves.
    """
    if not jax.tree.leaves(state.learned):
        return state.learned
    shapes = past.batch.x, past.batch.y, past.preactivations
    x, y, a = jax.tree.map(_constant, shapes)
    batch = eqx.tree_at(lambda b: (b.x, b.y), past.batch, (x, jnp.full_like(y, 1 / y.shape[-1])))
    net = held(past.net, x, a, ones(past.net), traced=True)
    steps = rule.credit(net, state, batch, jax.random.key(0)).learned
    return jax.tree.map(lambda b, g: b - RATE * g, state.learned, steps)


def _constant(a: Array) -> Array:
    """Numbers that are no two alike, between .1 and .9."""
    return 0.5 + 0.4 * jnp.sin(1.0 + 2.3 * jnp.arange(a.size, dtype=a.dtype)).reshape(a.shape)


def _keep(state: State) -> PyTree:
    return state.learned


def after_the_past(
    rule: Rule,
    given: Inputs,
    say: Callable[[Moment, State], Credit],
    *,
    traced: bool,
    learn: Callable[[State], PyTree] = _keep,
) -> Credit:
    """What is said to the minibatch of now, after the one that is past was met some times.

    A walk goes round such a loop until nothing changes, so that it sees what is remembered for
    longer. `learn` gives what the rule has learned after each meeting.
    """

    def meet(state: State, _: None) -> tuple[State, None]:
        return State(learn(state), say(given.past, state).kept, state.epoch), None

    begin = rule.init(given.first_net, given.first, given.first_key)
    state, _ = jax.lax.scan(meet, begin, length=UNROLLED + 1 if traced else TIMES)
    return say(given.now, state)


def transposed(point: Inputs) -> list[Inputs]:
    """The point with feedback weights that are the transposed forward ones."""
    return [eqx.tree_at(lambda p: p.transposed, point, jnp.ones(()))]


def outputs(credit: Credit) -> Outputs:
    """What of a credit is looked at."""
    updates = tuple((layer.weight, layer.bias) for layer in credit.network.layers)
    return Outputs(credit.signals, updates)


def tag_network(tagger: Tagger, net: Network, moment: str) -> Network:
    """A tag for the weights and biases of each layer; of now, for each weight and each bias."""

    def tagged(layer: Layer, l: int) -> Layer:
        if moment != "now":
            return tagger.whole(layer, Tag(WEIGHTS, l, moment))
        leaves, structure = jax.tree.flatten(layer)  # the weight comes before the bias
        marks, count = [], 0
        for leaf in leaves:
            named = partial(_number, l, moment, count)
            marks.append(tagger.each(jnp.ravel(leaf)[None], named).reshape(leaf.shape))
            count += leaf.size
        marked: Layer = jax.tree.unflatten(structure, marks)
        return marked

    layers = tuple(tagged(layer, l) for l, layer in enumerate(net.layers, 1))
    return eqx.tree_at(lambda n: n.layers, net, layers)


def _number(layer: int, moment: str, begin: int, _: int, number: int) -> Tag:
    return Tag(WEIGHTS, layer, moment, unit=begin + number)


def _units(tagger: Tagger, a: Array, layer: int) -> Any:
    return tagger.each(a, lambda e, i: Tag(UNIT, layer, "now", e, i))


def tag_batch(tagger: Tagger, batch: Batch) -> Batch:
    """A tag for each input and for each number of a label."""
    x = tagger.each(batch.x, lambda e, i: Tag(UNIT, 0, "now", e, i))
    y = tagger.each(batch.y, lambda e, i: Tag(LABEL, -1, "now", e, i))
    marked: Batch = jax.tree.unflatten(jax.tree.structure(batch), [x, y])
    return marked


def _tagged(given: Inputs) -> Tagged:
    tagger = Tagger()
    past, now = given.past, given.now
    marks = Inputs(
        tag_network(tagger, given.first_net, "init"),
        tagger.whole(given.first, Tag(FIRST_BATCH)),
        tagger.whole(given.first_key, Tag(KEY, moment="init")),
        Moment(
            tag_network(tagger, past.net, "past"),
            tagger.whole(past.batch, Tag(PAST_BATCH)),
            tagger.whole(past.preactivations, Tag(PAST_BATCH)),
            tagger.whole(past.key, Tag(KEY, moment="past")),
        ),
        Moment(
            tag_network(tagger, now.net, "now"),
            tag_batch(tagger, now.batch),
            tuple(_units(tagger, a, l) for l, a in enumerate(now.preactivations, 1)),
            tagger.whole(now.key, Tag(KEY)),
        ),
        tuple(tagger.whole(s, Tag(SLOPE, l)) for l, s in enumerate(given.slopes, 1)),
        jnp.array(-1),
    )
    return tagger.done(marks)
