"""The walk through a program: what reaches what, element by element, by hand."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from apical.audit.tags import WEIGHTS, Tag, Tagger
from apical.audit.trace import trace


def reached(program, *arrays: np.ndarray) -> np.ndarray:
    """(result elements, argument elements): which reaches which."""
    tagger = Tagger()
    marks = []
    for n, a in enumerate(arrays):
        named = partial(Tag, "unit", n, "now")
        marks.append(tagger.each(a[None], named)[0])
    found, unknown = trace(lambda given: program(*given), arrays, tagger.done(tuple(marks)))
    assert unknown == ()
    return found.values.reshape(-1, found.values.shape[-1])


A, B = np.zeros((2, 3)), np.zeros((3, 2))
ROWS = np.kron(np.eye(2), np.ones(3)).astype(bool)
"""For six elements in two rows: those of its row."""


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (lambda a: 0.0 * a, np.eye(6)),
        (lambda a: lax.stop_gradient(jnp.sin(a)), np.eye(6)),
        (lambda a: a.T.reshape(-1), np.eye(6)[[0, 3, 1, 4, 2, 5]]),
        (lambda a: a[:, ::-1], np.eye(6)[[2, 1, 0, 5, 4, 3]]),
        (lambda a: a.sum(axis=1), ROWS),
        (lambda a: jnp.cumsum(a, axis=1), np.repeat(ROWS, 3, axis=0)),
        (lambda a: jnp.concatenate([a[1], a[0]]), np.eye(6)[[3, 4, 5, 0, 1, 2]]),
        (lambda a: a - a, np.zeros((6, 6))),
        (lambda a: lax.dynamic_slice_in_dim(a, 1, 1, axis=1), ROWS),
        (lambda a: a[:, jnp.array([2, 0])], np.repeat(ROWS, 2, axis=0)),
        (lambda a: lax.scan(lambda s, row: (s + row, s), jnp.zeros(3), a)[1],
         np.concatenate([np.zeros((3, 6)), np.eye(6)[:3]])),
        (lambda a: lax.fori_loop(0, 50, lambda i, s: jnp.roll(s, 1, axis=1), a),
         np.repeat(ROWS, 3, axis=0)),
        (lambda a: jnp.where(a[0, 0] > 0, a[1], 0.0), np.eye(6)[3:] + np.eye(6)[0]),
        (lambda a: jax.jit(jax.vmap(jnp.max))(a), ROWS),
    ],
    ids=range(14),
)  # fmt: skip
def test_by_hand(program, expected):
    np.testing.assert_array_equal(reached(program, A), np.asarray(expected, bool))


def test_a_product_joins_rows_with_columns():
    found = reached(jnp.matmul, A, B)
    rows, columns = np.repeat(ROWS, 2, axis=0), np.tile(np.eye(2), (2, 3))
    np.testing.assert_array_equal(found, np.concatenate([rows, columns], axis=1).astype(bool))


@pytest.mark.parametrize(
    ("program", "values"),
    [
        (lambda w: jnp.sign(w.T), False),
        (lambda w: jnp.where(w > 0, 1.0, -1.0), False),
        (lambda w: jnp.sign(w - 0.1), True),
        (lambda w: jnp.where(w > 0.1, 1.0, -1.0), True),
        (lambda w: jnp.sign(w) * jnp.abs(w), True),
    ],
    ids=["sign", "above zero", "of a difference", "above another number", "with its size"],
)
def test_a_sign_is_told_from_a_value(program, values):
    tagger = Tagger()
    marks = tagger.whole(A, Tag(WEIGHTS, 1))
    found, _ = trace(program, A, tagger.done(marks))
    assert found.values.any() == values
    assert (found.values | found.signs).all()


def test_what_is_not_known_depends_on_all_and_is_named():
    def program(a):
        return jax.pure_callback(lambda a: a, jax.ShapeDtypeStruct((2, 3), a.dtype), a)

    tagger = Tagger()
    found, unknown = trace(program, A, tagger.done(tagger.whole(A, Tag("unit"))))
    assert unknown == ("pure_callback",)
    assert found.values.all()
