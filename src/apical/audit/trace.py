"""Which inputs reach which outputs, element by element, read off the program without running it.

The program's jaxpr is walked with sets of tags in place of numbers. A dependence that happens to be
zero at a point is seen, and so is one that `stop_gradient` hides from derivatives. What is not seen
is that two dependences cancel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal
from jaxtyping import PyTree

from apical.audit.tags import LABEL, WEIGHTS, Tagged

UNROLLED = 16
"""Loops over so many steps are walked step by step, longer ones until nothing changes."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTWISE = _names(
    """abs add add_any and atan2 bitcast_convert_type cbrt ceil clamp convert_element_type copy
    copy_p cos cosh digamma div eq erf erf_inv erfc exp exp2 expm1 floor ge gt integer_pow is_finite
    le lgamma log log1p logistic lt max min mul ne neg nextafter not one_minus_square or pow
    reduce_precision rem round rsqrt select_n shift_left shift_right_arithmetic shift_right_logical
    sign sin sinh sqrt square stop_gradient sub tan tanh xor"""
)
REDUCING = _names(
    "argmax argmin reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum reduce_xor"
)
ALONG = _names("cumlogsumexp cummax cummin cumprod cumsum")
MIXING = _names(
    """cholesky dynamic_update_slice eigh householder_product lu platform_index qr random_bits
    random_fold_in random_seed random_split random_unwrap random_wrap scatter scatter-add sort
    threefry2x32"""
)
"""Known to make each result of all operands."""
SAME = _names("convert_element_type copy copy_p neg stop_gradient")
COMPARING = _names("eq ge gt le lt ne")


_some = np.logical_or.reduce


@dataclass(frozen=True)
class Reached:
    """The tags that reach each element of an array: (*shape, tags)."""

    values: np.ndarray
    signs: np.ndarray
    """Those of which no more than signs of weights reach it."""
    plain: bool = False
    """Every element is one of a weight, or minus one."""
    depth: float = -1
    """How many products lie on the longest way from a label; -1: no label reaches it."""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape[:-1]

    def moved(self, f: Callable[[np.ndarray], np.ndarray], plain: bool = False) -> "Reached":
        """Both sets moved by the same map of arrays."""
        return Reached(f(self.values), f(self.signs), plain and self.plain, self.depth)

    def all(self) -> "Reached":
        """Of all elements together, without a shape."""
        axes = tuple(range(self.values.ndim - 1))
        return self.moved(lambda a: _some(a, axis=axes))


@dataclass
class Walk:
    """A walk through a program, and the primitives that it did not know."""

    count: int
    unknown: set[str] = field(default_factory=set)

    def nothing(self, shape: Sequence[int]) -> Reached:
        none = np.zeros((*shape, self.count), bool)
        return Reached(none, none)

    def through(self, jaxpr: Any, given: Sequence[Reached]) -> list[Reached]:
        """What reaches the results of a jaxpr, from what reaches its arguments."""
        known: dict[Any, Reached] = dict(zip(jaxpr.invars, given, strict=True))

        def read(var) -> Reached:
            if isinstance(var, Literal) or var not in known:  # a constant
                return self.nothing(
                    np.shape(var.val) if isinstance(var, Literal) else var.aval.shape
                )
            return known[var]

        for eqn in jaxpr.eqns:
            found = self.one(eqn, [read(var) for var in eqn.invars])
            known.update(zip(eqn.outvars, found, strict=True))
        return [read(var) for var in jaxpr.outvars]

    def one(self, eqn: Any, given: list[Reached]) -> list[Reached]:
        """What reaches the results of one operation."""
        name, params = eqn.primitive.name, eqn.params
        shapes = [var.aval.shape for var in eqn.outvars]
        if name == "scan":
            return self._scan(params, given, shapes)
        if name == "while":
            return self._while(params, given)
        if name == "cond":
            return self._cond(params, given)
        if (inner := _called(params)) is not None and len(inner.invars) == len(given):
            return self.through(inner, given)
        if name == "optimization_barrier":
            return given
        if name == "split":
            ends = np.cumsum(params["sizes"])[:-1]
            parts = [np.split(a, ends, params["axis"]) for a in (given[0].values, given[0].signs)]
            return [
                Reached(v, s, given[0].plain, given[0].depth) for v, s in zip(*parts, strict=True)
            ]
        if name == "unstack":
            axis, first = params["axis"], given[0]
            return [first.moved(partial(np.take, indices=i, axis=axis)) for i in range(len(shapes))]
        if len(shapes) == 1 and (found := self._single(eqn, name, params, given, shapes[0])):
            return [found]
        if name not in MIXING:
            self.unknown.add(name)
        together = self.union([each.all() for each in given])
        return [self._spread(together, shape) for shape in shapes]

    def _single(
        self, eqn: Any, name: str, params: dict[str, Any], given: list[Reached], shape: Any
    ) -> Reached | None:
        """The result of an operation that has one; None: it is not known how it is made."""
        if name == "sub" and eqn.invars[0] is eqn.invars[1]:
            return self.nothing(shape)
        if name in ELEMENTWISE:
            if name == "sign" or (name in COMPARING and _with_zero(eqn)):
                given = [_sign(each) for each in given]
            found = self.union([self._spread(each, shape) for each in given])
            same = name in SAME and given[0].plain
            return Reached(found.values, found.signs, same, found.depth)
        if name in REDUCING:
            axes = params["axes"]
            return given[0].moved(lambda a: _some(a, axis=axes))
        if name in ALONG:
            axis = params["axis"]
            whole = given[0].moved(lambda a: _some(a, axis=axis, keepdims=True))
            return self._spread(whole, shape)
        if name == "dot_general":
            return self._product(params["dimension_numbers"], *given)
        first, *others = given or [self.nothing(())]
        if name == "concatenate":
            axis = params["dimension"]
            return Reached(
                np.concatenate([each.values for each in given], axis),
                np.concatenate([each.signs for each in given], axis),
                all(each.plain for each in given),
                max(each.depth for each in given),
            )
        if (move := _rearranged(name, params, shape)) is not None:
            found = first.moved(move, plain=True)
            indices = self.union([self._spread(each.all(), shape) for each in others])
            return self.union([found, indices]) if indices.values.any() else found
        if name == "iota":
            return self.nothing(shape)
        return None

    def union(self, given: Sequence[Reached]) -> Reached:
        """All that reaches any of them; shapes are the same."""
        if not given:
            return self.nothing(())
        return Reached(
            np.logical_or.reduce([each.values for each in given]),
            np.logical_or.reduce([each.signs for each in given]),
            depth=max(each.depth for each in given),
        )

    def _spread(self, given: Reached, shape: Sequence[int]) -> Reached:
        full = (*shape, self.count)
        return given.moved(lambda a: np.broadcast_to(a, full), plain=given.shape == tuple(shape))

    def _product(self, numbers: Any, left: Reached, right: Reached) -> Reached:
        (left_sum, right_sum), (left_batch, right_batch) = numbers

        def part(a: np.ndarray, summed, batched) -> tuple[np.ndarray, list[int]]:
            kept = [d for d in range(a.ndim - 1) if d not in summed and d not in batched]
            whole = _some(a, axis=tuple(summed)) if summed else a
            left_over = [d for d in range(a.ndim - 1) if d not in summed]
            order = [left_over.index(d) for d in (*batched, *kept)]
            return whole.transpose(*order, len(order)), kept

        def both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            (a, a_kept), (b, b_kept) = (
                part(a, left_sum, left_batch),
                part(b, right_sum, right_batch),
            )
            batched, tags = len(left_batch), a.shape[-1]
            a = a.reshape(*a.shape[:-1], *(1,) * len(b_kept), tags)
            b = b.reshape(*b.shape[:batched], *(1,) * len(a_kept), *b.shape[batched:])
            return a | b

        depth = max(left.depth, right.depth)
        return Reached(
            both(left.values, right.values),
            both(left.signs, right.signs),
            depth=depth + 1 if depth >= 0 else -1,
        )

    def _scan(
        self, params: dict[str, Any], given: list[Reached], shapes: Sequence[tuple[int, ...]]
    ) -> list[Reached]:
        body, length = params["jaxpr"].jaxpr, params["length"]
        # What goes from step to step comes first, without an axis of steps. JAX 0.12 tells how much
        # that is otherwise than earlier ones.
        n_carry = sum(len(s) == var.aval.ndim for s, var in zip(shapes, body.outvars, strict=True))
        n_consts = (
            len(given)
            - n_carry
            - sum(
                x.values.ndim - 1 > var.aval.ndim for x, var in zip(given, body.invars, strict=True)
            )
        )
        consts, carry = given[:n_consts], given[n_consts : n_consts + n_carry]
        xs = given[n_consts + n_carry :]
        if length <= UNROLLED:
            rows = []
            steps = range(length)
            for t in reversed(steps) if params["reverse"] else steps:
                now = [x.moved(partial(_row, t)) for x in xs]
                found = self.through(body, [*consts, *carry, *now])
                carry = found[:n_carry]
                rows.append(found[n_carry:])
            if params["reverse"]:
                rows.reverse()
            ys = [_stacked(each) for each in zip(*rows, strict=True)]
        else:
            any_x = [x.moved(lambda a: _some(a, axis=0)) for x in xs]
            carry, found = self._repeated(
                lambda c: self.through(body, [*consts, *c, *any_x]), carry, n_carry
            )
            ys = [
                y.moved(lambda a: np.broadcast_to(a, (length, *a.shape))) for y in found[n_carry:]
            ]
        return [_a_product_at_least(each, given) for each in (*carry, *ys)]

    def _while(self, params: dict[str, Any], given: list[Reached]) -> list[Reached]:
        n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
        asked, consts = given[:n_cond], given[n_cond : n_cond + n_body]
        body, question = params["body_jaxpr"].jaxpr, params["cond_jaxpr"].jaxpr

        def once(carry: list[Reached]) -> list[Reached]:
            (answer,) = self.through(question, [*asked, *carry])
            found = self.through(body, [*consts, *carry])
            return [self.union([f, self._spread(answer, f.shape)]) for f in found]

        carry, _ = self._repeated(once, given[n_cond + n_body :], None)
        return [_a_product_at_least(each, given) for each in carry]

    def _repeated(
        self, once: Callable, carry: list[Reached], n_carry: int | None
    ) -> tuple[list[Reached], list[Reached]]:
        """The carry when nothing is added to it any more, and the last results."""
        while True:
            found = once(carry)
            after = [
                self.union([old, new]) for old, new in zip(carry, found[:n_carry], strict=True)
            ]
            same = all(
                np.array_equal(old.values, new.values) and np.array_equal(old.signs, new.signs)
                for old, new in zip(carry, after, strict=True)
            )
            carry = after
            if same:
                return carry, found

    def _cond(self, params: dict[str, Any], given: list[Reached]) -> list[Reached]:
        index, *operands = given
        branches = [self.through(branch.jaxpr, operands) for branch in params["branches"]]
        return [
            self.union([*found, self._spread(index, found[0].shape)])
            for found in zip(*branches, strict=True)
        ]


def _row(t: int, a: np.ndarray) -> np.ndarray:
    return a[t]


def _called(params: dict[str, Any]) -> Any:
    """The jaxpr that an operation calls, if it is a call."""
    for name in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        if name in params:
            return getattr(params[name], "jaxpr", params[name])
    return None


def _with_zero(eqn: Any) -> bool:
    """Whether one side of a comparison is the number zero."""
    return any(
        isinstance(var, Literal) and np.ndim(var.val) == 0 and var.val == 0 for var in eqn.invars
    )


def _sign(given: Reached) -> Reached:
    """Of a weight no more than its sign is left; of what is made of weights, we cannot say."""
    if not given.plain:
        return given
    return Reached(np.zeros_like(given.values), given.values | given.signs, depth=given.depth)


def _rearranged(name: str, params: dict[str, Any], shape: Any) -> Any:
    """The map of elements that an operation is; None if it is none."""
    match name:
        case "reshape" | "squeeze" | "expand_dims":
            return lambda a: a.reshape(*shape, a.shape[-1])
        case "transpose":
            order = params["permutation"]
            return lambda a: a.transpose(*order, len(order))
        case "broadcast_in_dim":
            where = params["broadcast_dimensions"]

            def broadcast(a: np.ndarray) -> np.ndarray:
                inner = [1] * len(shape)
                for axis, size in zip(where, a.shape[:-1], strict=True):
                    inner[axis] = size
                return np.broadcast_to(a.reshape(*inner, a.shape[-1]), (*shape, a.shape[-1]))

            return broadcast
        case "slice":
            starts, ends = params["start_indices"], params["limit_indices"]
            strides = params["strides"] or (1,) * len(starts)
            where = tuple(map(slice, starts, ends, strides))
            return lambda a: a[where]
        case "rev":
            dimensions = tuple(params["dimensions"])
            return lambda a: np.flip(a, dimensions)
        case "dynamic_slice":

            def sliced(a: np.ndarray) -> np.ndarray:
                axes = tuple(d for d, size in enumerate(shape) if a.shape[d] != size)
                return np.broadcast_to(_some(a, axis=axes, keepdims=True), (*shape, a.shape[-1]))

            return sliced
        case "gather":
            return _gathered(params, shape)
    return None


def _gathered(params: dict[str, Any], shape: Any) -> Any:
    """Axes that are taken whole stay; along all others, any element may come."""
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    gone = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)

    def gathered(a: np.ndarray) -> np.ndarray:
        offset = [d for d in range(a.ndim - 1) if d not in gone]
        whole = [d for d in offset if sizes[d] == a.shape[d]]
        some = a.any(axis=tuple(d for d in range(a.ndim - 1) if d not in whole))
        inner = [1] * len(shape)
        for d, place in zip(offset, numbers.offset_dims, strict=True):
            if d in whole:
                inner[place] = a.shape[d]
        return np.broadcast_to(some.reshape(*inner, a.shape[-1]), (*shape, a.shape[-1]))

    return gathered


def _stacked(rows: Sequence[Reached]) -> Reached:
    return Reached(
        np.stack([row.values for row in rows]),
        np.stack([row.signs for row in rows]),
        depth=max(row.depth for row in rows),
    )


def _a_product_at_least(found: Reached, given: list[Reached]) -> Reached:
    """What a loop adds up is a product too: a sum over its steps."""
    before = max((each.depth for each in given), default=-1)
    if found.depth < 0:
        return found
    return Reached(found.values, found.signs, depth=max(found.depth, before + 1))


def trace(program: Callable, point: PyTree, tagged: Tagged) -> tuple[PyTree, tuple[str, ...]]:
    """What reaches each element of each result, and the operations that were not known.

    An operation that is not known is taken to make each result of all that it is given.

    **Arguments:**

    - `program`: a function of a tree of arrays that gives a tree of arrays.
    - `point`: an argument for it; its values are not used.
    - `tagged`: the tags of the argument's elements.

    Returns a tree of `Reached`, shaped like the program's result, and names.
    """
    closed, shapes = jax.make_jaxpr(program, return_shape=True)(point)
    walk = Walk(len(tagged.tags))
    labels = np.array([tag.kind == LABEL for tag in tagged.tags], bool)
    weights = np.array([tag.kind == WEIGHTS for tag in tagged.tags], bool)
    given = []
    for marks in jax.tree.leaves(tagged.marks):
        values = np.asarray(marks)[..., None] == np.arange(walk.count)
        given.append(
            Reached(
                values,
                np.zeros_like(values),
                plain=bool(values[..., weights].any()),
                depth=0 if values[..., labels].any() else -1,
            )
        )
    found = walk.through(closed.jaxpr, given)
    return jax.tree.unflatten(jax.tree.structure(shapes), found), tuple(sorted(walk.unknown))
