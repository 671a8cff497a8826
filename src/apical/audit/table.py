"""Findings as rows of words, for a terminal, a page and a figure."""

from collections.abc import Iterable

from apical.audit.findings import Findings, LayerFindings

ROUNDING, NEAR = 1e-9, 0.95

COLUMNS = (
    "rule",
    "forward weights above",
    "derivative",
    "hidden layers need",
    "a weight's change reads",
    "other examples",
    "earlier minibatches",
    "one after the other",
    "bytes a weight",
    "the update is",
)


def row(found: Findings) -> dict[str, str]:
    """A rule's findings in words, a column each; hidden layers but where another is named."""
    return dict(
        zip(
            COLUMNS,
            (
                found.rule,
                transport(found),
                derivative(found),
                needed(found),
                support(found),
                "read" if _any(found.layers, "other_examples") or not found.adds_up else "not read",
                "remembered" if _any(found.layers, "past") else "forgotten",
                sequence(found),
                f"{found.bytes_per_weight:.2f}",
                beside_bp(found),
            ),
            strict=True,
        )
    )


def transport(found: Findings) -> str:
    """What is read of forward weights above, and where."""
    reading = [each for each in found.hidden if each.seen.transport != "none"]
    if not reading:
        return "not read"
    what = "weights" if any(each.seen.transport == "weights" for each in reading) else "signs"
    when = {moment for each in reading for moment in each.seen.transport_when} - {"now"}
    earlier = f", of {' and '.join(sorted(when))}" if when else ""
    sources = {m for each in reading for m in each.seen.transport_from}
    everywhere = all(each.layer + 1 in each.seen.transport_from for each in found.hidden)
    if everywhere and len(sources) == len(found.hidden):
        return f"{what}, everywhere{earlier}"
    return f"{what} of layer {', '.join(map(str, sorted(sources)))} alone{earlier}"


def derivative(found: Findings) -> str:
    """Whose derivatives hidden layers read."""
    read = [each for each in found.hidden if each.seen.derivatives]
    if not read:
        hidden = any(each.hidden_derivative for each in found.hidden)
        return "followed, unasked" if hidden else "not read"
    own = all(set(each.seen.derivatives) <= {each.layer} for each in read)
    return "own" if own else "own and above"


def needed(found: Findings) -> str:
    """What hidden layers need to be told."""
    output = len(found.layers)
    told = [each for each in found.hidden if each.seen.label]
    if not told:
        return "nothing"
    if found.circuit is not None:
        return "a clamped output"
    error = all(output in each.seen.activities for each in told)
    return "the error" if error else "the label"


def support(found: Findings) -> str:
    """What the change of a hidden weight reads besides a signal from above."""
    layers = found.hidden
    if not any(map(_reads_elsewhere, layers)):
        one_sign = all(each.third_factor for each in layers)
        return "its two units, one global sign" if one_sign else "its two units, a signal"
    if _is(layers, "inputs", "all"):
        return "its unit's inputs, a signal"
    return f"its input{', its unit' * _is(layers, 'units', 'own')}, a signal"


def _reads_elsewhere(layer: LayerFindings) -> bool:
    seen = layer.seen
    beyond = seen.elsewhere or "all" in (seen.inputs, seen.units)
    return bool(beyond or seen.transport != "none")


def sequence(found: Findings) -> str:
    """How many products the lowest signal waits for, or the steps of a circuit's phases."""
    if found.circuit is not None:
        return f"{' + '.join(map(str, found.phases))} steps"
    products = found.layers[0].products
    if not products:
        return "nothing"
    return f"{products:.0f} product{'s' * (products > 1)}"


def beside_bp(found: Findings) -> str:
    """Whether the update is backpropagation's, at every layer or at some hidden ones."""
    if found.backpropagation:
        return "backpropagation's"
    if found.backpropagation_if_transposed:
        return "BP's if feedback is Wᵀ"
    same = [str(each.layer) for each in found.hidden if each.cosine > 1 - ROUNDING]
    if same:
        return f"BP's at layer {', '.join(same)}"
    if found.cosine_if_transposed > NEAR:
        return "near BP's if feedback is Wᵀ"
    return "its own"


def markdown(rows: Iterable[dict[str, str]]) -> str:
    """A table of rows."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(each[name] for name in COLUMNS)} |" for each in rows]
    return "\n".join(lines) + "\n"


def notes(found: Findings) -> list[str]:
    """Where the methods differ, and what the trace did not know; a line each."""
    told = [
        f"{found.rule}, layer {each.layer}: {fact}: "
        + ", ".join(f"{said} by {method}" for method, said in by.items())
        for each in found.layers
        for fact, by in each.differing.items()
    ]
    if found.unknown:
        told.append(
            f"{found.rule}: the trace does not know {', '.join(found.unknown)}, and takes what "
            "they give to depend on all that they are given"
        )
    return told


def _any(layers: Iterable[LayerFindings], fact: str) -> bool:
    return any(getattr(each.seen, fact) for each in layers)


def _is(layers: Iterable[LayerFindings], fact: str, word: str) -> bool:
    return any(getattr(each.seen, fact) == word for each in layers)
