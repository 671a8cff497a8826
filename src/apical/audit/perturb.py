"""Which inputs reach which outputs, element by element, by changing inputs and watching.

All changed inputs are one stack, and the program runs once on all of them. What the program does at
these points is seen, whatever way it takes; what it does elsewhere is not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from apical.audit.tags import LABEL, WEIGHTS, Tagged

SMALLEST = 1e-9
"""A relative change of an output below it is rounding."""
QUICKLY: dict[str, str | bool] = {
    "xla_backend_optimization_level": "0",
    "xla_llvm_disable_expensive_passes": True,
}
"""Programs run once: they are compiled quickly, not well."""


@dataclass(frozen=True)
class Moved:
    """The tags whose change moves each element of an array: (*shape, tags)."""

    values: np.ndarray
    signs: np.ndarray
    """Those that move it when signs of weights change, and not when their sizes do."""


def stacked(trees: list[PyTree]) -> PyTree:
    """Trees of one shape as one, with an axis more at the front."""
    return jax.tree.map(_stack, *trees)


def _stack(*leaves):
    if jnp.issubdtype(leaves[0].dtype, jax.dtypes.prng_key):
        data = np.stack([np.asarray(jax.random.key_data(leaf)) for leaf in leaves])
        return jax.random.wrap_key_data(jnp.asarray(data))
    return np.stack([np.asarray(leaf) for leaf in leaves])


def quickly(program: Callable, *given: PyTree) -> Callable:
    """The program compiled for arguments like these."""
    return jax.jit(program).lower(*given).compile(compiler_options=QUICKLY)


def run(program: Callable, inputs: list[PyTree]) -> PyTree:
    """The program's results on all of the inputs, along a first axis."""
    stack = stacked(inputs)
    return jax.tree.map(np.asarray, quickly(jax.vmap(program), stack)(stack))


def changed(point: PyTree, marks: PyTree, number: int, change: Callable) -> PyTree:
    """The point with the elements of one tag changed."""

    def one(leaf, mark):
        where = np.asarray(mark) == number
        if not where.any():
            return leaf
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.random.fold_in(leaf, 1)
        old = np.asarray(leaf)
        return np.where(where, change(old), old)

    return jax.tree.map(one, point, marks)


def larger(w: np.ndarray) -> np.ndarray:
    """Other sizes, the same signs; no two by the same factor, so that no ratio stays."""
    return w * np.linspace(0.4, 2.3, w.size).reshape(w.shape)


def turned(w: np.ndarray) -> np.ndarray:
    """Other signs, the same sizes: of every second weight, so that no common factor takes them."""
    return w * np.where(np.arange(w.size) % 2, 1.0, -1.0).reshape(w.shape)


def other(kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """The change of what is no weight."""
    if kind == LABEL:
        return lambda y: 1 - y
    return lambda a: a + 0.37 + 0.1 * np.sin(np.arange(a.size)).reshape(a.shape)


def perturb(
    program: Callable,
    points: tuple[PyTree, ...],
    tagged: Tagged,
    more: Callable[[PyTree], list[PyTree]] = lambda point: [],
) -> tuple[PyTree, list[PyTree], list[list[PyTree]]]:
    """What moves each element of each result.

    **Arguments:**

    - `program`: a function of a tree of arrays that gives a tree of arrays.
    - `points`: where its inputs are changed, each tag by itself.
    - `more`: further inputs made of a point, for which the results alone are told.

    Returns a tree of `Moved`, shaped like the program's result; its results at the points; and
    those for the further inputs, for each point.
    """
    asked: list[PyTree] = []
    plan: list[tuple[int, int, bool]] = []
    """For each that is not a base: which base it is compared with, the tag, and whether signs."""
    bases, further = [], []

    def add(tree: PyTree, base: int = -1, tag: int = -1, signs: bool = False) -> int:
        asked.append(tree)
        plan.append((base, tag, signs))
        return len(asked) - 1

    for point in points:
        base = add(point)
        bases.append(base)
        for number, tag in enumerate(tagged.tags):
            if tag.kind == WEIGHTS:
                add(changed(point, tagged.marks, number, larger), base, number)
                add(changed(point, tagged.marks, number, turned), base, number, True)
            else:
                add(changed(point, tagged.marks, number, other(tag.kind)), base, number)
        further.append([add(each) for each in more(point)])
    results = run(program, asked)

    def seen(leaf: np.ndarray) -> Moved:
        values = np.zeros((*leaf.shape[1:], len(tagged.tags)), bool)
        by_signs = np.zeros_like(values)
        for i, (base, tag, signs) in enumerate(plan):
            if base >= 0:
                moved = differ(leaf[base], leaf[i])
                (by_signs if signs else values)[..., tag] |= moved
        return Moved(values, by_signs & ~values)

    of = [jax.tree.map(lambda leaf, b=b: leaf[b], results) for b in bases]
    others = [[jax.tree.map(lambda leaf, i=i: leaf[i], results) for i in each] for each in further]
    return jax.tree.map(seen, results), of, others


def differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two results differ by more than rounding."""
    scale = np.maximum(np.abs(a), np.abs(b))
    return ~(np.abs(a - b) <= SMALLEST * scale + 1e-13)
