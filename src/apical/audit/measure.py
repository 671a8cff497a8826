"""An audit: a rule's claims against what it is seen to do on small networks, in float64.

Two methods, which do not share their blind spots, look at the same program (see `program`):
`trace` reads which inputs reach which outputs off the jaxpr, `perturb` changes inputs and watches.
"""

import dataclasses
import math
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from apical.audit import circuit, curves, keys
from apical.audit.claims import contradictions
from apical.audit.facts import Facts, facts
from apical.audit.findings import Findings, LayerFindings, either
from apical.audit.perturb import perturb
from apical.audit.program import Inputs, Outputs, Program, inputs, through_forward_pass
from apical.audit.specimen import specimens
from apical.audit.storage import stored
from apical.audit.tags import KEY, Tag
from apical.audit.trace import Reached, trace
from apical.networks.network import Network
from apical.rules import BP, Batch, Rule, State
from apical.rules.rule import Settling
from apical.values.spelling import spell

POINTS = 2
"""Networks at which inputs are changed."""
ROUNDING = 1e-9


def audit(rule: Rule) -> Findings:
    """Measure what a rule reads, needs and stores, and hold its claims against it.

    **Arguments:**

    - `rule`: any rule, registered or not.

    **Raises:** `UsageError` for a rule that takes no small network of its recipe's kind.

    !!! example

        >>> from apical.rules import BP
        >>> found = audit(BP())
        >>> found.backpropagation, found.contradictions
        (True, ())
        >>> found.layers[0].seen.transport, found.layers[0].seen.transport_from
        ('weights', (2, 3))
    """
    stores, counted = stored(rule)  # in float32, as rules train
    with jax.enable_x64(True):
        found = _measured(rule, stores, counted)
    return dataclasses.replace(found, contradictions=contradictions(rule.traits, found))


@dataclasses.dataclass(frozen=True)
class Looked:
    """What both methods saw of a program."""

    tags: tuple[Tag, ...]
    traced: Outputs
    moved: Outputs
    base: list[Outputs]
    """The results at the points."""
    further: list[dict[str, list[Outputs]]]
    """The results for further inputs, at each point."""
    unknown: tuple[str, ...]


def _look(program: Program, more: dict[str, Any]) -> Looked:
    """By both methods. `more`: further inputs made of a point, by name."""
    traced, unknown = trace(program.traced, program.points[0], program.tagged)
    tags = program.tagged.tags
    if _reads(traced, tags.index(Tag(KEY))):
        more = more | {"keys": partial(keys.under_many, tagged=program.tagged)}
    sizes: dict[str, int] = {}

    def further(point: PyTree) -> list[PyTree]:
        found = []
        for name, make in more.items():
            made = make(point)
            sizes[name] = len(made)
            found += made
        return found

    moved, base, results = perturb(program.perturbed, program.points, program.tagged, further)
    named = []
    for each in results:
        begin, parts = 0, {}
        for name, size in sizes.items():
            parts[name] = each[begin : begin + size]
            begin += size
        if "keys" in parts:
            keys.merge(moved, parts["keys"], program.tagged)
        named.append(parts)
    return Looked(tags, traced, moved, base, named, unknown)


def _reads(traced: Outputs, number: int) -> bool:
    leaves = jax.tree.leaves(traced, is_leaf=lambda each: isinstance(each, Reached))
    return any(each.values[..., number].any() for each in leaves)


def _measured(rule: Rule, stores: float, counted: tuple[int, ...]) -> Findings:
    found = specimens(rule, POINTS)
    points = tuple(inputs(specimen, seed) for seed, specimen in enumerate(found))
    net = found[0].net
    of_batches = {"met": _met, "pairs": _pairs}
    shown = None
    phases: tuple[int, ...] = (1,)
    if isinstance(rule, Settling):
        held = _look(circuit.one_step(rule, points), {})
        whole = _look(circuit.all_steps(rule, points), of_batches)
        shown, phases = circuit.shown(rule, points[0])
    else:
        program = through_forward_pass(rule, points)
        held = whole = _look(program, of_batches | {"curves": curves.along})
    by_trace = facts(held.traced, held.tags, whole.traced, whole.tags)
    by_change = facts(held.moved, held.tags, whole.moved, whole.tags)
    cosines, backpropagation, times = _beside_backpropagation(points, whole.base)
    layers = tuple(
        _layer(l, net, by_trace[l], by_change[l], held, whole, cosines[l])
        for l in range(len(net.layers))
    )
    return Findings(
        rule=spell(rule),
        network=(math.prod(net.layers[0].in_shape), *(len(l.weight) for l in net.layers)),
        layers=layers,
        phases=phases,
        backpropagation=backpropagation,
        times=times,
        rests=_rests(whole),
        adds_up=_adds_up(whole),
        bytes_per_weight=stores,
        stored_for=counted,
        circuit=shown,
        unknown=tuple(sorted({*held.unknown, *whole.unknown})),
    )


def _layer(
    l: int, net: Network, traced: Facts, moved: Facts, held: Looked, whole: Looked, cosine: float
) -> LayerFindings:
    seen, differing = either(traced, moved)
    reached: Any = whole.traced.signals[l]
    hidden = l < len(net.layers) - 1 and any(
        curves.follows(
            np.stack([each.signals[l] for each in curves.of_layer(further["curves"], l)]),
            net.layers[l].activation,
        )
        for further in whole.further
        if "curves" in further
    )
    return LayerFindings(
        layer=l + 1,
        seen=seen,
        differing=differing,
        products=None if reached.depth < 0 or held is not whole else reached.depth,
        hidden_derivative=hidden and l + 1 not in seen.derivatives,
        cosine=cosine,
        third_factor=_third_factor(whole.base, l, seen),
    )


def _third_factor(base: list[Outputs], l: int, seen: Facts) -> str:
    """`one global sign` if a label is all that reaches a signal, and its size is one number."""
    sizes = np.abs(np.concatenate([each.signals[l].ravel() for each in base]))
    if seen.transport == "none" and seen.label and np.ptp(sizes) < ROUNDING * sizes.max():
        return "one global sign"
    return ""


def _met(point: Inputs) -> list[Inputs]:
    """Both minibatches with targets that the network meets."""

    def met(moment):
        y = moment.net.layers[-1].activation(moment.preactivations[-1])
        return eqx.tree_at(lambda m: m.batch.y, moment, y)

    return [eqx.tree_at(lambda p: (p.past, p.now), point, (met(point.past), met(point.now)))]


def _rests(whole: Looked) -> bool:
    """Whether updates vanish where targets are met."""
    for base, further in zip(whole.base, whole.further, strict=True):
        (met,) = further["met"]
        if _largest(met.updates) > 1e-12 * max(_largest(base.updates), 1e-3):
            return False
    return True


def _pairs(point: Inputs) -> list[Inputs]:
    """The point with its first example changed, its second, and both."""
    if len(point.now.batch.x) < 2:
        return []

    def changed(*examples: int) -> Inputs:
        where = np.zeros(len(point.now.batch.x), bool)
        where[list(examples)] = True

        def rows(a, by):
            return jnp.where(where.reshape(-1, *(1,) * (a.ndim - 1)), by(a), a)

        now = point.now
        return eqx.tree_at(
            lambda p: (p.now.batch, p.now.preactivations),
            point,
            (
                Batch(rows(now.batch.x, lambda x: 0.9 * x), rows(now.batch.y, lambda y: 1 - y)),
                tuple(rows(a, lambda a: a + 0.3) for a in now.preactivations),
            ),
        )

    return [changed(0), changed(1), changed(0, 1)]


def _adds_up(whole: Looked) -> bool:
    """Whether the changes that two examples bring add up."""
    for base, further in zip(whole.base, whole.further, strict=True):
        if not (pairs := further["pairs"]):
            continue
        leaves = (jax.tree.leaves(each.updates) for each in (base, *pairs))
        for none, first, second, both in zip(*leaves, strict=True):
            size = sum(map(np.abs, (none, first, second, both)))
            if np.any(np.abs(both - first - second + none) > ROUNDING * size + 1e-13):
                return False
    return True


@jax.jit
def _gradient(net: Network, batch: Batch) -> Network:
    return BP().credit(net, State(), batch, jax.random.key(0)).network


def _beside_backpropagation(
    points: tuple[Inputs, ...], base: list[Outputs]
) -> tuple[list[float], bool, float]:
    """The least cosine of each layer's update with the gradient, whether all are one number times
    it, and that number."""
    layers = len(base[0].updates)
    cosines, ratios = [1.0] * layers, []
    for point, ours in zip(points, base, strict=True):
        gradient = _gradient(point.now.net, point.now.batch)
        for l, layer in enumerate(gradient.layers):
            a, b = (
                np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(each)])
                for each in (ours.updates[l], layer)
            )
            norms = np.linalg.norm(a) * np.linalg.norm(b)
            cosines[l] = min(cosines[l], float(a @ b / norms) if norms else 0.0)
            ratios.append(np.linalg.norm(a) / np.linalg.norm(b))
    same = min(cosines) > 1 - ROUNDING and np.ptp(ratios) < ROUNDING * max(ratios)
    return cosines, bool(same), float(ratios[0]) if same else math.nan


def _largest(tree: PyTree) -> float:
    return max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(tree))
