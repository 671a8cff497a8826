"""Which inputs reach which outputs, element by element, by changing inputs and watching.

All changed inputs are one stack, and the program runs once on all of them. What the program does at
these points is seen, whatever way it takes; what it does elsewhere is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import numpy as np
from jaxtyping import PyTree

from apical.audit import keys
from apical.audit.points import Leaves, Points
from apical.audit.tags import LABEL, WEIGHTS, Tag, Tagged

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
    """Those that move it when signs of weights change."""


def quickly(program: Callable, *given: PyTree) -> Callable:
    """The program compiled for arguments like these."""
    return jax.jit(program).lower(*given).compile(compiler_options=QUICKLY)


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


@dataclass
class Plan:
    """The points at which the program is run, and which of them are compared."""

    asked: list[Leaves] = field(default_factory=list)
    compared: list[tuple[int, int, int, bool]] = field(default_factory=list)
    """Rows of a point and of its changed twin, the tag, and whether signs of weights changed."""

    def ask(self, point: Leaves) -> int:
        """The point's row."""
        self.asked.append(point)
        return len(self.asked) - 1

    def compare(self, points: Points, before: int, number: int, tag: Tag) -> None:
        """Ask for a row's point with a tag changed too."""
        for change in (larger, turned) if tag.kind == WEIGHTS else (other(tag.kind),):
            after = self.ask(points.changed(self.asked[before], number, change))
            self.compared.append((before, after, number, change is turned))

    def moved(self, results: np.ndarray, signs: bool, count: int) -> np.ndarray:
        """Which of so many tags moved each element of the results: (*shape, tags)."""
        found = np.zeros((count, *results.shape[1:]), bool)
        rows = [pair[:3] for pair in self.compared if pair[3] is signs]
        before, after, tags = np.array(rows, int).reshape(-1, 3).T
        np.logical_or.at(found, tags, differ(results[before], results[after]))
        return np.moveaxis(found, 0, -1)


def perturb(
    program: Callable,
    points: tuple[PyTree, ...],
    tagged: Tagged,
    more: Callable[[PyTree], list[PyTree]] = lambda point: [],
    *,
    many_keys: bool = False,
) -> tuple[PyTree, list[PyTree], list[list[PyTree]]]:
    """What moves each element of each result.

    **Arguments:**

    - `program`: a function of a tree of arrays that gives a tree of arrays.
    - `points`: where its inputs are changed, each tag by itself.
    - `more`: further inputs made of a point, for which the results alone are told.
    - `many_keys`: whether weights are changed under many keys of the step.

    Returns a tree of `Moved`, shaped like the program's result; its results at the points; and
    those for the further inputs, for each point.
    """
    flat, plan = Points(points[0], tagged), Plan()
    bases, further = [], []
    for point in points:
        base = plan.ask(flat.flat(point))
        bases.append(base)
        for number, tag in enumerate(tagged.tags):
            plan.compare(flat, base, number, tag)
        for drawn in keys.under_many(flat, plan.asked[base], tagged.tags) if many_keys else []:
            before = plan.ask(drawn)
            for number in keys.read_anew(tagged.tags):
                plan.compare(flat, before, number, tagged.tags[number])
        further.append([plan.ask(flat.flat(each)) for each in more(point)])
    stack = [np.stack(rows) for rows in zip(*plan.asked, strict=True)]
    run = quickly(jax.vmap(lambda leaves: program(flat.tree(leaves))), stack)
    results = jax.tree.map(np.asarray, run(stack))

    def seen(leaf: np.ndarray) -> Moved:
        values, signs = (plan.moved(leaf, which, len(tagged.tags)) for which in (False, True))
        return Moved(values, signs)

    def row(i: int) -> PyTree:
        return jax.tree.map(lambda leaf: leaf[i], results)

    return jax.tree.map(seen, results), list(map(row, bases)), [list(map(row, f)) for f in further]


def differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two results differ by more than rounding."""
    scale = np.maximum(np.abs(a), np.abs(b))
    return ~(np.abs(a - b) <= SMALLEST * scale + 1e-13)
