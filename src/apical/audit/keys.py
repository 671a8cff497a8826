"""Rules that draw at random read in one minibatch what they do not read in another.

So where a step's key matters, weights are changed under many keys.
"""

import jax
import numpy as np
from jaxtyping import PyTree

from apical.audit.perturb import Moved, changed, differ, larger, turned
from apical.audit.tags import KEY, WEIGHTS, Tag, Tagged, found_in

KEYS = 64
"""What happens in one minibatch of ten is missed with a probability of .9^64 = .001."""


def under_many(point: PyTree, tagged: Tagged) -> list[PyTree]:
    """The point under many keys, and after each the same with the weights of a layer changed."""
    (key,) = (n for n, tag in enumerate(tagged.tags) if tag == Tag(KEY))
    found = []
    for k in range(KEYS):
        drawn = _drawn(point, tagged.marks, key, k)
        found.append(drawn)
        for number in _weights(tagged):
            found += [changed(drawn, tagged.marks, number, by) for by in (larger, turned)]
    return found


def merge(moved: PyTree, results: list[PyTree], tagged: Tagged) -> None:
    """Add what moved under any of the keys."""
    weights = _weights(tagged)
    group = 1 + 2 * len(weights)
    for i, seen in enumerate(found_in(moved, Moved)):
        for begin in range(0, len(results), group):
            before, *after = (
                np.asarray(jax.tree.leaves(each)[i]) for each in results[begin : begin + group]
            )
            for n, (by_size, by_sign) in zip(
                weights, zip(after[::2], after[1::2], strict=True), strict=True
            ):
                seen.values[..., n] |= differ(before, by_size)
                seen.signs[..., n] |= differ(before, by_sign)
        seen.signs[...] &= ~seen.values


def _weights(tagged: Tagged) -> list[int]:
    return [
        n
        for n, tag in enumerate(tagged.tags)
        if tag.kind == WEIGHTS and tag.moment == "now" and tag.layer > 1
    ]


def _drawn(point: PyTree, marks: PyTree, number: int, k: int) -> PyTree:
    def one(leaf, mark):
        return jax.random.fold_in(leaf, k) if (np.asarray(mark) == number).any() else leaf

    return jax.tree.map(one, point, marks)
