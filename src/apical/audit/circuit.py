"""The programs of a rule whose signals come from dynamics: single steps of its circuit, and all.

A circuit has no forward pass that could be held. In a single step its units are held instead: what
a layer's units feel of the weights above them is then led there by the circuit itself. And since
all steps together must be what the rule's `credit` does, no other circuit can be shown.
"""

import math
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray, PyTree

from apical.audit.held import tapped
from apical.audit.perturb import quickly
from apical.audit.program import (
    Inputs,
    Moment,
    Outputs,
    Program,
    after_the_past,
    outputs,
    tag_batch,
    tag_network,
)
from apical.audit.tags import (
    FIRST_BATCH,
    KEY,
    PAST_BATCH,
    SLOPE,
    UNIT,
    Tag,
    Tagged,
    Tagger,
    found_in,
)
from apical.audit.trace import Reached, trace
from apical.audit.transposed import with_forward_weights
from apical.networks.network import Network
from apical.rules import Batch, Credit, State
from apical.rules.integrate import integrate
from apical.rules.rule import Settling


class Held(eqx.Module):
    """A circuit at one moment: its units are what they are, whatever the weights."""

    first_net: Network
    first: Batch
    first_key: PRNGKeyArray
    net: Network
    batch: Batch
    key: PRNGKeyArray
    units: PyTree
    slopes: tuple[Array, ...]
    """What the derivative of each layer's activation is multiplied by."""


def one_step(rule: Settling, points: tuple[Inputs, ...]) -> Program:
    """A step of each phase, from units that are held. A layer's signals are its units after it."""
    held = tuple(_apart(rule, point) for point in points)
    # Weights change while time passes, or once when it is over: then after no time at all.
    tagged = _tagged(rule, held[0])
    still, _ = trace(partial(_one_step, rule, passes=False), held[0], tagged)
    passes = not any(each.values.any() for each in found_in(still.updates, Reached))
    program = partial(_one_step, rule, passes=passes)
    return Program(program, program, held, tagged)


def _apart(rule: Settling, given: Inputs) -> Held:
    """Units each at a potential of its own: at rest many are equal, or zero."""
    now = given.now
    units, _ = jax.eval_shape(partial(_begins, rule), given)
    apart = jax.tree.map(
        lambda u: jnp.asarray(0.8 * np.sin(1.0 + 2.3 * np.arange(u.size)).reshape(u.shape)), units
    )
    fields = given.first_net, given.first, given.first_key, now.net, now.batch, now.key
    return Held(*fields, apart, given.slopes)


def _begins(rule: Settling, given: Inputs) -> tuple[PyTree, PyTree]:
    state = rule.init(given.first_net, given.first, given.first_key)
    return rule.dynamics(given.now.net, state, given.now.batch, given.now.key).begin


def _one_step(rule: Settling, given: Held, *, passes: bool) -> Outputs:
    state = rule.init(given.first_net, given.first, given.first_key)
    net = tapped(given.net, given.slopes)
    dynamics = rule.dynamics(net, state, given.batch, given.key)
    moment = (given.units, dynamics.begin[1])
    after = [phase.step(moment) for phase in dynamics.phases]
    felt: list[list[Array]] = [[] for _ in given.net.layers]
    for units, _ in after:
        placed = zip(dynamics.layers, jax.tree.leaves(units), strict=True)
        for layer, unit in placed:
            felt[layer - 1].append(unit)
    end = after[-1] if passes else moment
    updates = outputs(dynamics.credit(((moment,) * len(after)) + (end,))).updates
    return Outputs(tuple(jnp.concatenate(each, axis=-1) for each in felt), updates)


def all_steps(rule: Settling, points: tuple[Inputs, ...]) -> Program:
    """What minibatches come to. Nothing is held, so weights and activity have no tags."""
    traced = partial(_minibatches, rule, traced=True)
    perturbed = partial(_minibatches, rule, traced=False)
    return Program(traced, perturbed, points, _batches_tagged(points[0]))


def _minibatches(rule: Settling, given: Inputs, *, traced: bool) -> Outputs:
    def say(moment: Moment, state: State) -> Credit:
        if not traced:
            state = with_forward_weights(state, moment.net, given.transposed)
        return rule.credit(moment.net, state, moment.batch, moment.key)

    return outputs(after_the_past(rule, given, say, traced=traced))


def _tagged(rule: Settling, given: Held) -> Tagged:
    tagger = Tagger()
    state = jax.eval_shape(rule.init, given.first_net, given.first, given.first_key)
    marks = Held(
        tag_network(tagger, given.first_net, "init"),
        tagger.whole(given.first, Tag(FIRST_BATCH)),
        tagger.whole(given.first_key, Tag(KEY, moment="init")),
        tag_network(tagger, given.net, "now"),
        tag_batch(tagger, given.batch),
        tagger.whole(given.key, Tag(KEY)),
        _units(tagger, given.units, _layers(rule, given, state)),
        tuple(tagger.whole(s, Tag(SLOPE, l)) for l, s in enumerate(given.slopes, 1)),
    )
    return tagger.done(marks)


def _units(tagger: Tagger, units: PyTree, layers: tuple[int, ...]) -> PyTree:
    """A tag for each unit. Those of a layer are counted on from one of its arrays to the next."""
    leaves, structure = jax.tree.flatten(units)
    counted = dict.fromkeys(layers, 0)
    marks = []
    for leaf, layer in zip(leaves, layers, strict=True):
        named = partial(_unit, layer, counted[layer])
        marks.append(tagger.each(leaf, named))
        counted[layer] += math.prod(leaf.shape[1:])
    return jax.tree.unflatten(structure, marks)


def _unit(layer: int, begin: int, example: int, unit: int) -> Tag:
    return Tag(UNIT, layer, "now", example, begin + unit)


def _layers(rule: Settling, given: Held, state: PyTree) -> tuple[int, ...]:
    found = []

    def look(net, state, batch, key):
        found.append(rule.dynamics(net, state, batch, key).layers)

    jax.eval_shape(look, given.net, state, given.batch, given.key)
    return found[0]


def _batches_tagged(given: Inputs) -> Tagged:
    tagger = Tagger()
    none = jax.tree.map(lambda leaf: np.full(np.shape(leaf), -1), given)
    past, now = none.past, none.now
    marks = Inputs(
        none.first_net,
        tagger.whole(given.first, Tag(FIRST_BATCH)),
        tagger.whole(given.first_key, Tag(KEY, moment="init")),
        Moment(
            past.net,
            tagger.whole(given.past.batch, Tag(PAST_BATCH)),
            past.preactivations,
            tagger.whole(given.past.key, Tag(KEY, moment="past")),
        ),
        Moment(
            now.net,
            tag_batch(tagger, given.now.batch),
            now.preactivations,
            tagger.whole(given.now.key, Tag(KEY)),
        ),
        none.slopes,
        none.transposed,
    )
    return tagger.done(marks)


def shown(rule: Settling, given: Inputs) -> tuple[float, tuple[int, ...]]:
    """How far what the circuit does in all its steps is from what `credit` says, relatively, and
    the steps of each phase."""
    steps: list[int] = []

    def both(given: Inputs):
        now = given.now
        state = rule.init(given.first_net, given.first, given.first_key)
        dynamics = rule.dynamics(now.net, state, now.batch, now.key)
        moments = [dynamics.begin]
        for phase in dynamics.phases:
            steps.append(phase.steps)
            moments.append(integrate(phase.step, moments[-1], phase.steps))
        plain = outputs(dynamics.credit(tuple(moments)))
        return plain, outputs(rule.credit(now.net, state, now.batch, now.key))

    plain, said = (jax.tree.leaves(each) for each in quickly(both, given)(given))
    apart = (
        np.abs(a - b).max() / max(np.abs(b).max(), 1e-30) for a, b in zip(plain, said, strict=True)
    )
    return max(map(float, apart)), tuple(steps)
