"""Tags: the names of a program's inputs, by which both methods say what an output depends on.

A tag is one thing that may reach an output: the forward weights of a layer at one moment, the
activity of one unit for one example, one number of a label, the derivative of a layer's activation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jax
import numpy as np
from jaxtyping import PyTree

T = TypeVar("T")
WEIGHTS, SLOPE, UNIT, LABEL = "weights", "slope", "unit", "label"
PAST_BATCH, FIRST_BATCH, KEY = "past batch", "first batch", "key"


@dataclass(frozen=True)
class Tag:
    """One thing that may reach an output."""

    kind: str
    layer: int = -1
    """0 for the network's input, 1 for its lowest layer; -1 where there is none."""
    moment: str = "now"
    """Of weights: `init`, `past` (the minibatch before) or `now`."""
    example: int = -1
    unit: int = -1
    """Of weights of now: the number of the weight in its layer, and after them of the bias."""


@dataclass
class Tagged:
    """The tags of every element of a program's inputs.

    `marks` is a tree like the inputs', whose leaves hold the number of a tag for each element, or
    -1 for what has none.
    """

    marks: PyTree
    tags: tuple[Tag, ...]


@dataclass
class Tagger:
    """Hands out tags, and remembers them in order."""

    tags: list[Tag] = field(default_factory=list)

    def whole(self, tree: PyTree, tag: Tag) -> PyTree:
        """One tag for all elements of a tree's arrays."""
        number = self._number(tag)
        return jax.tree.map(lambda leaf: np.full(np.shape(leaf), number), tree)

    def each(self, leaf: Any, named: Callable[[int, int], Tag]) -> np.ndarray:
        """A tag for each element of an array (examples, ...): `named(example, unit)`."""
        examples, *shape = np.shape(leaf)
        units = int(np.prod(shape))
        numbers = [self._number(named(e, u)) for e in range(examples) for u in range(units)]
        return np.array(numbers).reshape(np.shape(leaf))

    def done(self, marks: PyTree) -> Tagged:
        return Tagged(marks, tuple(self.tags))

    def _number(self, tag: Tag) -> int:
        if tag in self.tags:
            return self.tags.index(tag)
        self.tags.append(tag)
        return len(self.tags) - 1


def found_in(tree: PyTree, kind: type[T]) -> list[T]:
    """The objects of a class in a tree that has them in place of arrays."""
    return jax.tree.leaves(tree, is_leaf=lambda each: isinstance(each, kind))
