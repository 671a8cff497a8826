"""Lanes: seeds that train side by side, as one program.

The trees of several seeds are one tree whose arrays have an axis of lanes, and a function of one
seed is mapped over it. A seed alone has no such axis, so that its programs are those of one seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

Function = TypeVar("Function", bound=Callable)


@dataclass(frozen=True)
class Lanes:
    """How many seeds take each step at once.

    !!! example

        >>> lanes = Lanes(2)
        >>> both = lanes.join([jnp.arange(3), jnp.zeros(3, int)])
        >>> lanes.over(jnp.sum)(both).tolist()
        [3, 0]
    """

    count: int

    @property
    def alone(self) -> bool:
        """Whether there is one seed, and no axis."""
        return self.count == 1

    def join(self, trees: Sequence[PyTree], axis: int = 0) -> PyTree:
        """A tree of each lane as one; their arrays are put together at a new axis."""
        if self.alone:
            return trees[0]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves, axis), *trees)

    def part(self, tree: PyTree, lane: int) -> PyTree:
        """One lane's part of what has the axis of lanes first."""
        return tree if self.alone else jax.tree.map(lambda leaf: leaf[lane], tree)

    def parts(self, tree: PyTree) -> list[PyTree]:
        """Every lane's part, copied: to keep one keeps nothing of the others."""
        if self.alone:
            return [tree]
        lanes = range(self.count)
        return [jax.tree.map(lambda leaf, i=i: leaf[i].copy(), tree) for i in lanes]

    def over(self, function: Function, axes: Any = 0) -> Function:
        """The function of one seed as one of all lanes; `axes` as `jax.vmap` takes them."""
        return function if self.alone else jax.vmap(function, axes)
