"""Points of a program's inputs as lists of numpy arrays, in which one tag's elements are changed.

An audit runs a program at thousands of points that differ in one array or two, and lists of them
share the rest.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from apical.audit.tags import Tagged

Leaves = Sequence[np.ndarray]
"""The arrays of a tree; of a random key its numbers."""
Change = Callable[[np.ndarray], np.ndarray]


class Points:
    """Points of a program's inputs, all shaped alike.

    **Arguments:**

    - `like`: a tree of arrays and random keys.
    - `tagged`: its tags.
    """

    def __init__(self, like: PyTree, tagged: Tagged):
        leaves, self._structure = jax.tree.flatten(like)
        self._keys = [jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) for leaf in leaves]
        self._marked: list[list[tuple[int, np.ndarray]]] = [[] for _ in tagged.tags]
        for i, mark in enumerate(map(np.asarray, jax.tree.leaves(tagged.marks))):
            for number in np.unique(mark[mark >= 0]):
                self._marked[number].append((i, mark == number))

    def flat(self, tree: PyTree) -> Leaves:
        """A point's arrays."""
        return [
            np.asarray(jax.random.key_data(leaf) if is_key else leaf)
            for leaf, is_key in zip(jax.tree.leaves(tree), self._keys, strict=True)
        ]

    def tree(self, leaves: Sequence[Array]) -> PyTree:
        """The point that has these arrays; a compiled program calls it."""
        wrapped = [
            jax.random.wrap_key_data(leaf) if is_key else leaf
            for leaf, is_key in zip(leaves, self._keys, strict=True)
        ]
        return jax.tree.unflatten(self._structure, wrapped)

    def changed(self, point: Leaves, number: int, change: Change) -> Leaves:
        """The point with the elements of one tag changed; a key becomes another."""
        other = list(point)
        for i, where in self._marked[number]:
            old = point[i]
            other[i] = _folded(old, 1) if self._keys[i] else np.where(where, change(old), old)
        return other

    def drawn(self, point: Leaves, number: int, k: int) -> Leaves:
        """The point with the key that has a tag folded with k."""
        other = list(point)
        for i, _ in self._marked[number]:
            other[i] = _folded(point[i], k)
        return other


def _folded(numbers: np.ndarray, k: int) -> np.ndarray:
    key = jax.random.fold_in(jax.random.wrap_key_data(jnp.asarray(numbers)), k)
    return np.asarray(jax.random.key_data(key))
