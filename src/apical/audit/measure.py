"""An audit: a rule's claims against what it is seen to do on small networks, in float64.

Two methods, which do not share their blind spots, look at the same program (see `program`):
`trace` reads which inputs reach which outputs off the jaxpr, `perturb` changes inputs and watches.
"""

import dataclasses
import math
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from apical.audit import circuit, curves, minibatches
from apical.audit.beside_bp import beside_bp
from apical.audit.claims import contradictions
from apical.audit.facts import Facts, facts
from apical.audit.findings import Findings, LayerFindings, either
from apical.audit.perturb import perturb
from apical.audit.program import Outputs, Program, inputs, through_forward_pass, transposed
from apical.audit.specimen import specimens
from apical.audit.storage import stored
from apical.audit.tags import KEY, Tag, found_in
from apical.audit.trace import Reached, trace
from apical.networks.network import Network
from apical.rules import Rule
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
    sizes: dict[str, int] = {}

    def further(point: PyTree) -> list[PyTree]:
        found = []
        for name, make in more.items():
            made = make(point)
            sizes[name] = len(made)
            found += made
        return found

    moved, base, results = perturb(
        program.perturbed,
        program.points,
        program.tagged,
        further,
        many_keys=_reads(traced, tags.index(Tag(KEY))),
    )
    named = []
    for each in results:
        begin, parts = 0, {}
        for name, size in sizes.items():
            parts[name] = each[begin : begin + size]
            begin += size
        named.append(parts)
    return Looked(tags, traced, moved, base, named, unknown)


def _reads(traced: Outputs, number: int) -> bool:
    return any(each.values[..., number].any() for each in found_in(traced, Reached))


def _measured(rule: Rule, stores: float, counted: tuple[int, ...]) -> Findings:
    found = specimens(rule, POINTS)
    points = tuple(inputs(specimen, seed) for seed, specimen in enumerate(found))
    net = found[0].net
    of_batches = {
        "met": minibatches.met,
        "pairs": minibatches.pairs,
        "transposed": transposed,
    }
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
    beside = beside_bp(points, whole.base)
    limit = beside_bp(points, [each["transposed"][0] for each in whole.further])
    told = list(zip(whole.base, whole.further, strict=True))
    means = [
        minibatches.times_the_mean(points[0], whole.base[0], l) for l in range(len(net.layers))
    ]
    layers = tuple(
        _layer(l, net, by_trace[l], by_change[l], held, whole, beside.cosines[l], means[l])
        for l in range(len(net.layers))
    )
    return Findings(
        rule=spell(rule),
        network=(math.prod(net.layers[0].in_shape), *(len(l.weight) for l in net.layers)),
        examples=len(found[0].now.x),
        layers=layers,
        phases=phases,
        backpropagation=beside.same,
        times=beside.times,
        backpropagation_if_transposed=limit.same,
        cosine_if_transposed=min(limit.cosines),
        rests=all(minibatches.rests(base, further["met"][0]) for base, further in told),
        adds_up=all(minibatches.adds_up(base, further["pairs"]) for base, further in told),
        bytes_per_weight=stores,
        stored_for=counted,
        circuit=shown,
        unknown=tuple(sorted({*held.unknown, *whole.unknown})),
    )


def _layer(
    l: int,
    net: Network,
    traced: Facts,
    moved: Facts,
    held: Looked,
    whole: Looked,
    cosine: float,
    times_the_mean: float | None,
) -> LayerFindings:
    seen, differing = either(traced, moved)
    reached: Any = whole.traced.signals[l]
    last = len(net.layers) - 1
    hidden = l < last and any(
        curves.shows(curves.of_layer(further["curves"], moved), l, moved, net)
        for further in whole.further
        if "curves" in further
        for moved in range(last)
        if moved + 1 not in seen.derivatives
    )
    return LayerFindings(
        layer=l + 1,
        seen=seen,
        differing=differing,
        products=None if reached.depth < 0 or held is not whole else reached.depth,
        hidden_derivative=hidden,
        cosine=cosine,
        times_the_mean=times_the_mean,
        third_factor=_third_factor(whole.base, l, seen),
    )


def _third_factor(base: list[Outputs], l: int, seen: Facts) -> str:
    """`one global sign` if a label is all that reaches a signal, and makes it one number or minus
    that, for all units of an example alike but for a sign that each unit keeps."""
    if seen.transport != "none" or not seen.label:
        return ""
    for each in base:
        size = np.abs(each.signals[l]).max()
        signs = each.signals[l] / max(size, np.finfo(float).tiny)
        if np.abs(np.abs(signs) - 1).max() > ROUNDING or np.ptp(signs * signs[:, :1], axis=0).any():
            return ""
    return "one global sign"
