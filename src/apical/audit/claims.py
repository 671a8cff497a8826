"""A rule's claims, held against what was found. A claim that does not hold is one line."""

from collections.abc import Iterator

from apical.audit.findings import ORDER, Findings, LayerFindings
from apical.rules.rule import Traits

ROUNDING = 1e-9


def contradictions(traits: Traits, found: Findings) -> tuple[str, ...]:
    """A line for each claim that the findings contradict: rule, claim, layer, what was seen."""
    return tuple(f"{found.rule}: {line}" for line in _lines(traits, found))


def _lines(traits: Traits, found: Findings) -> Iterator[str]:
    yield from _transport(traits, found)
    yield from _state(found)
    if traits.gradient and not (found.backpropagation and abs(found.times - 1) < ROUNDING):
        layer = min(found.layers, key=lambda each: each.cosine)
        whole = f"{found.times:.3g} of it" if found.backpropagation else "not proportional to it"
        yield (
            f"gradient: claims to be the loss's gradient; layer {layer.layer}'s update has a "
            f"cosine of {layer.cosine:.3f} with it, and the whole is {whole} (by perturbation)"
        )
    if traits.error_driven and not found.rests:
        yield (
            "error_driven: claims to change nothing where there is no error; weights change where "
            "the output meets the target (by perturbation)"
        )
    for layer in found.layers:
        where = f"layer {layer.layer}'s update"
        seen = layer.seen
        if traits.independent and seen.other_examples:
            yield (
                f"independent: claims that examples do not depend on each other; {where} reads "
                f"other examples of the minibatch {_by(layer, 'other_examples')}"
            )
        if traits.memoryless and seen.past:
            yield (
                f"memoryless: claims to forget minibatches; {where} depends on the one before "
                f"{_by(layer, 'past')}"
            )
        if traits.label_free and seen.label:
            yield f"label_free: claims to need no label; {where} reads it {_by(layer, 'label')}"
        if traits.derivative_free and layer in found.hidden:
            if seen.derivatives:
                yield (
                    f"derivative_free: claims to read no derivative; {where} reads that of "
                    f"{_layers(seen.derivatives)} {_by(layer, 'derivatives')}"
                )
            elif layer.hidden_derivative:
                yield (
                    f"derivative_free: claims to read no derivative; {where} follows the "
                    "activation's as activity is moved (by perturbation)"
                )
        if traits.local:
            for what in _not_local(layer):
                yield f"local: claims to read a weight's own two units; {where} reads {what}"
        if traits.independent and _is_sum(layer, found.examples):
            yield (
                f"independent: claims the mean over the examples of a minibatch; {where} is their "
                f"sum, {found.examples} times the mean of {found.examples} (by perturbation)"
            )
    if traits.independent and not found.adds_up:
        yield (
            "independent: claims that examples do not depend on each other; what two examples ask "
            "for together is not the sum of what each asks for (by perturbation)"
        )
    if traits.settles and found.circuit is None:
        yield "settles: claims dynamics of its own and shows none; derive it from `Settling`"
    if found.circuit is not None and not found.circuit < 1e-6:
        yield (
            f"settles: shows a circuit that is not what it does; all steps together are "
            f"{found.circuit:.2g} away from it, relatively"
        )


def _transport(traits: Traits, found: Findings) -> Iterator[str]:
    claimed, words = traits.transport.value, ORDER["transport"]
    for layer in found.hidden:
        seen = layer.seen
        if words.index(seen.transport) > words.index(claimed):
            read = "the signs of weights" if seen.transport == "signs" else "the weights"
            yield (
                f"transport: claims {claimed}; layer {layer.layer}'s signal or update reads {read} "
                f"of {_layers(seen.transport_from)} ({', '.join(seen.transport_when)}) "
                f"{_by(layer, 'transport')}"
            )
    most = max((layer.seen.transport for layer in found.hidden), key=words.index, default=claimed)
    if words.index(most) < words.index(claimed):
        yield f"transport: claims {claimed}; no layer was seen to read more than {most}"


def _is_sum(layer: LayerFindings, examples: int) -> bool:
    times = layer.times_the_mean
    return examples > 1 and times is not None and abs(times - examples) < ROUNDING * examples


def _state(found: Findings) -> Iterator[str]:
    """What no rule may do."""
    for layer in found.layers:
        if layer.seen.first_batch:
            yield (
                f"init: may read no values of the minibatch that it is shown; layer "
                f"{layer.layer}'s update depends on them {_by(layer, 'first_batch')}"
            )


def _not_local(layer: LayerFindings) -> Iterator[str]:
    seen = layer.seen
    if seen.inputs == "all":
        yield f"other units of the layer below {_by(layer, 'inputs')}"
    if seen.units == "all":
        yield f"other units of its layer {_by(layer, 'units')}"
    if seen.weights_beside:
        yield f"other weights of its layer {_by(layer, 'weights_beside')}"
    if seen.elsewhere:
        yield f"the activity of {_layers(seen.elsewhere)} {_by(layer, 'elsewhere')}"
    if seen.transport != "none":
        yield f"weights of {_layers(seen.transport_from)} {_by(layer, 'transport')}"
    if seen.weights_below:
        yield f"weights of layers below {_by(layer, 'weights_below')}"


def _by(layer: LayerFindings, fact: str) -> str:
    """Which method saw it."""
    differing = layer.differing.get(fact)
    if differing is None:
        return "(by trace and perturbation)"
    seen = getattr(layer.seen, fact)
    by = [method for method, said in differing.items() if said == seen]
    return f"(by {by[0]} alone)" if by else "(by trace and perturbation in part)"


def _layers(numbers: tuple[int, ...]) -> str:
    return f"layer{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
