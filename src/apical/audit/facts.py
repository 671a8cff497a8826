"""What one method says of a rule, layer by layer, read off what reaches the rule's results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from apical.audit.program import Outputs
from apical.audit.tags import (
    FIRST_BATCH,
    KEY,
    LABEL,
    PAST_BATCH,
    SLOPE,
    UNIT,
    WEIGHTS,
    Tag,
)
from apical.feedback import Transport


@dataclass(frozen=True)
class Facts:
    """Of one layer, counted from 1 at the lowest; its teaching signal and its update together."""

    transport: str
    """What they read of forward weights above it: none, signs or weights."""
    transport_from: tuple[int, ...]
    """The layers whose weights those are."""
    transport_when: tuple[str, ...]
    """Whether these are the weights of now, those of a minibatch before (past), or those that the
    rule's `init` met (init)."""
    weights_below: bool
    """Whether they read weights of layers below it."""
    derivatives: tuple[int, ...]
    """The hidden layers whose activation's derivative they read."""
    activities: tuple[int, ...]
    """The layers whose activity they read; 0 is the network's input."""
    label: bool
    """Whether they read the label."""
    inputs: str
    """Whose rates below the layer the change of a weight reads: none, its own, or all."""
    units: str
    """Whose activity in the layer the change of a weight reads: none, its own, or all."""
    weights_beside: bool
    """Whether the change of a weight reads other weights of its layer, or biases of other units."""
    elsewhere: tuple[int, ...]
    """Further layers whose activity the change of a weight reads."""
    other_examples: bool
    """Whether what one example asks for depends on others of the minibatch."""
    past: bool
    """Whether they depend on the minibatch before."""
    first_batch: bool
    """Whether they depend on the values of the minibatch that `init` is shown."""
    random: bool
    """Whether they depend on the step's random key."""


Bits = np.ndarray


@dataclass(frozen=True)
class View:
    """What reaches the signals and updates of one layer: two bits for each element and tag."""

    layer: int
    signals: Any
    weight: Any
    bias: Any
    tags: tuple[Tag, ...]

    def which(self, chosen: Callable[[Tag], bool]) -> list[int]:
        return [n for n, tag in enumerate(self.tags) if chosen(tag)]

    def reached(self, number: int) -> bool:
        """Whether anything of the layer depends on a tag."""
        return any(
            bool(part.values[..., number].any() or part.signs[..., number].any())
            for part in (self.signals, self.weight, self.bias)
            if part is not None
        )

    def by_value(self, number: int) -> bool:
        """Whether anything depends on more of it than signs."""
        return any(
            bool(part.values[..., number].any())
            for part in (self.signals, self.weight, self.bias)
            if part is not None
        )


def facts(held: Outputs, held_tags: tuple[Tag, ...], whole: Outputs, whole_tags) -> list[Facts]:
    """The facts of each layer.

    **Arguments:**

    - `held`: what reaches the results where activity is held, for what is read of weights and
      activity.
    - `whole`: what reaches them where two whole minibatches are seen, for all else. For a rule of
      one forward pass it is the same.
    """
    return [
        _of_layer(_view(held, held_tags, l), _view(whole, whole_tags, l), len(held.updates))
        for l in range(1, len(held.updates) + 1)
    ]


def _view(found: Outputs, tags: tuple[Tag, ...], layer: int) -> View:
    weight, bias = found.updates[layer - 1]
    return View(layer, found.signals[layer - 1], weight, bias, tags)


def _of_layer(held: View, whole: View, layers: int) -> Facts:
    layer, tags = held.layer, held.tags
    above = [n for n in held.which(lambda t: t.kind == WEIGHTS and t.layer > layer)
             if held.reached(n)]  # fmt: skip
    below = held.which(lambda t: t.kind == WEIGHTS and t.layer < layer)
    level = Transport.NONE
    if above:
        level = Transport.WEIGHTS if any(map(held.by_value, above)) else Transport.SIGNS
    inputs, units, elsewhere = _support(held)
    slopes = held.which(lambda t: t.kind == SLOPE and t.layer < layers)
    read = held.which(lambda t: t.kind == UNIT)
    return Facts(
        transport=level.value,
        transport_from=tuple(sorted({tags[n].layer for n in above})),
        transport_when=tuple(sorted({tags[n].moment for n in above})),
        weights_below=any(map(held.reached, below)),
        derivatives=tuple(sorted({tags[n].layer for n in slopes if held.reached(n)})),
        activities=tuple(sorted({tags[n].layer for n in read if held.reached(n)})),
        label=any(whole.reached(n) for n in whole.which(lambda t: t.kind == LABEL)),
        inputs=inputs,
        units=units,
        weights_beside=_reads_beside(held),
        elsewhere=elsewhere,
        other_examples=_mixes_examples(held) or _mixes_examples(whole),
        past=any(whole.reached(n) for n in whole.which(lambda t: t.kind == PAST_BATCH)),
        first_batch=any(whole.reached(n) for n in whole.which(lambda t: t.kind == FIRST_BATCH)),
        random=any(whole.reached(n) for n in whole.which(lambda t: t == Tag(KEY))),
    )


def _support(view: View) -> tuple[str, str, tuple[int, ...]]:
    """Whose activity the change of a weight reads: below the layer, in it, and elsewhere."""
    values, layer = view.weight.values, view.layer
    units, inputs, _ = values.shape
    own_input = own_unit = other_input = other_unit = False
    elsewhere = set()
    for n in view.which(lambda t: t.kind == UNIT):
        where, index = values[..., n], view.tags[n].unit
        if not where.any():
            continue
        if view.tags[n].layer == layer - 1:
            column = np.arange(inputs) == index
            own_input |= bool(where[:, column].any())
            other_input |= bool(where[:, ~column].any())
        elif view.tags[n].layer == layer:
            row = np.arange(units) == index
            own_unit |= bool(where[row].any())
            other_unit |= bool(where[~row].any())
        else:
            elsewhere.add(view.tags[n].layer)
    return (
        "all" if other_input else "own" if own_input else "none",
        "all" if other_unit else "own" if own_unit else "none",
        tuple(sorted(elsewhere)),
    )


def _reads_beside(view: View) -> bool:
    """Whether the change of a weight reads weights of its layer that are not its own."""
    reached = view.weight.values | view.weight.signs
    units, inputs, _ = reached.shape
    for n in view.which(lambda t: t.kind == WEIGHTS and t.layer == view.layer and t.unit >= 0):
        number, own = view.tags[n].unit, np.zeros((units, inputs), bool)
        if number < own.size:
            own.flat[number] = True
        else:
            own[number - own.size] = True
        if reached[~own][..., n].any():
            return True
    return False


def _mixes_examples(view: View) -> bool:
    values = view.signals.values
    for n in view.which(lambda t: t.kind in (UNIT, LABEL)):
        others = np.arange(len(values)) != view.tags[n].example
        if values[others][..., n].any():
            return True
    return False
