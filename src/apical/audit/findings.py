"""What an audit found, ready for JSON."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Self

from apical.audit.facts import Facts


@dataclass(frozen=True)
class LayerFindings:
    """Of one layer, by both methods."""

    layer: int
    seen: Facts
    """What either method saw."""
    differing: dict[str, dict[str, Any]]
    """Where they differ: what `trace` and `perturbation` say of a fact."""
    products: float | None
    """Matrix products one after the other between the label and the layer's teaching signal; None
    where no label reaches it."""
    hidden_derivative: bool
    """Whether the teaching signal or the update follows an activation's derivative as the activity
    of a hidden layer is moved, without asking for it."""
    cosine: float
    """Of the update with backpropagation's."""
    times_the_mean: float | None
    """What the weights' update is of the mean over examples of signal times input: 1 where it is
    that, the number of examples where they are summed; None where it is something else."""
    third_factor: str
    """What the teaching signal is where it is the same for all units: one global sign, or none."""


@dataclass(frozen=True)
class Findings:
    """Of one rule."""

    rule: str
    network: tuple[int, ...]
    """Inputs and units of the layers of the small network that was looked at."""
    examples: int
    """Of a minibatch."""
    layers: tuple[LayerFindings, ...]
    phases: tuple[int, ...]
    """Clocked steps of each phase; one phase of one step is a forward pass and what follows."""
    backpropagation: bool
    """Whether the update is backpropagation's, times one positive number."""
    times: float
    """That number; nan if it is not."""
    backpropagation_if_transposed: bool
    """The same where all it keeps that is shaped as weights above is these: a limit that feedback
    weights may come near."""
    cosine_if_transposed: float
    """The least cosine of an update with backpropagation's there."""
    rests: bool
    """Whether nothing changes where the output error is zero."""
    adds_up: bool
    """Whether what a minibatch asks for is the sum of what each example asks for."""
    bytes_per_weight: float
    """Of what it stores beside the network, in float32, for each forward weight of `stored_for`."""
    stored_for: tuple[int, ...]
    """Inputs and units of the layers of the network that this was counted for."""
    circuit: float | None
    """How far the steps of a circuit are from what the rule does, relatively; None: no circuit."""
    unknown: tuple[str, ...]
    """Operations that the trace did not know, and took to depend on all that they read."""
    contradictions: tuple[str, ...] = ()
    """Claims that do not hold, a line each."""

    @property
    def hidden(self) -> tuple[LayerFindings, ...]:
        """Of the hidden layers."""
        return self.layers[:-1]

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form; null for a number that there is not."""
        told = dataclasses.asdict(self)
        return told | {"times": None if math.isnan(self.times) else self.times}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """What `to_json` gave. Where `circuit` was left out, phases tell whether there was one;
        before it was looked at, no weight's change was seen to read others of its layer.

        Raises `LookupError`, `TypeError` or `ValueError` for anything else.
        """
        layers = tuple(
            LayerFindings(**{**layer, "seen": Facts(**{"weights_beside": False, **layer["seen"]})})
            for layer in stored["layers"]
        )
        circuit = 0.0 if len(stored["phases"]) > 1 else None
        times = math.nan if stored["times"] is None else stored["times"]
        return cls(**{"circuit": circuit, **stored, "layers": layers, "times": times})


ORDER = {
    "transport": ("none", "signs", "weights"),
    "inputs": ("none", "own", "all"),
    "units": ("none", "own", "all"),
}
"""Facts that are words, from the least that is read to the most."""


def either(trace: Facts, perturbation: Facts) -> tuple[Facts, dict[str, dict[str, Any]]]:
    """What either method saw, and where they differ."""
    seen, differing = {}, {}
    for field in dataclasses.fields(Facts):
        a, b = getattr(trace, field.name), getattr(perturbation, field.name)
        if field.name in ORDER:
            seen[field.name] = max(a, b, key=ORDER[field.name].index)
        elif isinstance(a, tuple):
            seen[field.name] = tuple(sorted({*a, *b}))
        else:
            seen[field.name] = a or b
        if a != b:
            differing[field.name] = {"trace": a, "perturbation": b}
    return Facts(**seen), differing
