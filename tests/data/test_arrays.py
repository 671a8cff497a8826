"""`from_arrays`: a researcher's arrays become a data set, or the slip is named."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from apical.data import Scale, from_arrays
from apical.errors import DataError, UsageError

X = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
Y = np.arange(100) % 4


def test_fractions_are_drawn_stratified_and_disjoint():
    data = from_arrays(X, Y, validation=0.12, test=0.2, seed=5)
    parts = (data.train, data.validation, data.test)
    assert tuple(map(len, parts)) == (68, 12, 20)
    assert [np.bincount(p.y).tolist() for p in parts] == [[17] * 4, [3] * 4, [5] * 4]
    rows = np.concatenate([p.x for p in parts])
    assert np.array_equal(rows[np.lexsort(rows.T)], X[np.lexsort(X.T)])
    assert data.classes == ("0", "1", "2", "3")
    assert data.preprocessing == Scale(1.0)
    again = from_arrays(X, Y, validation=0.12, test=0.2, seed=5)
    other = from_arrays(X, Y, validation=0.12, test=0.2, seed=6)
    assert np.array_equal(data.test.x, again.test.x)
    assert not np.array_equal(data.test.x, other.test.x)


def test_own_held_out_arrays_are_used_as_they_are():
    data = from_arrays(X, Y, validation=0, test=(X[:8], Y[:8]), classes="abcd", name="mine")
    assert np.array_equal(data.train.x, X)
    assert np.array_equal(data.test.x, X[:8])
    assert len(data.validation) == 0
    assert data.validation.x.shape == (0, 4)
    assert data.classes == tuple("abcd")
    assert data.name == "mine"
    assert data.test.y.dtype == np.int32


def test_bytes_stay_bytes_and_scale():
    data = from_arrays(np.zeros((100, 2, 2), np.uint8), Y)
    assert data.train.x.dtype == np.uint8
    assert data.preprocessing == Scale(255.0)


def nan(row):
    x = X.copy()
    x[row, 2] = np.nan
    return x


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (X[:, 0], Y, r"shape \(100,\).*x\[:, None\]"),
        (3.0, Y, r"x has shape \(\)"),
        (None, None, r"x has shape \(\)"),
        ([[1.0, 2.0], [3.0]], [0, 1], "x cannot be made a NumPy array"),
        (X, [[0], [1, 2]], "y cannot be made a NumPy array"),
        (np.ma.masked_array(X, X > 1), Y, "x is a masked array"),
        (X, 1, r"y has shape \(\)"),
        (X[:0], Y[:0], "none empty"),
        (X.astype(int), Y, r"x is int64; give .* float64: np.asarray\(x, np.float32\)"),
        ((X > 0).astype(int), Y, r"x is int64; .*: np.asarray\(x, np.uint8\) for pixels, or"),
        (X > 0, Y, r"x is bool; give .* float64: np.asarray\(x, np.float32\)"),
        (X.astype(np.float16), Y, "x is float16"),
        (X + 0j, Y, "x is complex64"),
        (X.astype(object), Y, "x is object"),
        (nan(7), Y, "NaN or infinite values, the first in example 7"),
        (np.where(X > 2, np.inf, X), Y, "infinite"),
        (X, Y[:-1], r"y has shape \(99,\)"),
        (X, np.eye(4)[Y], "one-hot"),
        (X, Y[:, None], r"y has shape \(100, 1\)"),
        (X, Y.astype(float), r"y is float64; .* np.unique\(y, return_inverse=True\)"),
        (X, Y % 2 > 0, "y is bool"),
        (X, np.array(list("abcd"))[Y], "y is <U1"),
        (X, Y.astype(object), "y is object"),
        (X, Y + 2**31, "runs from 2147483648"),
        (X, Y * 600_000_000, "has the label 1, 2, 3, 4, 5, ..., yet"),
        (X, Y - 1, "-1 to 2"),
        (X, Y * 2, "has the label 1, 3, 5"),
        (X, Y * 0, "two classes"),
        (X, np.where(np.arange(100) == 0, 4, Y), "stratified"),
    ],
)
def test_wrong_arrays_are_named(x, y, says):
    with pytest.raises(DataError, match=says):
        from_arrays(x, y)


@pytest.mark.parametrize(
    ("held_out", "says"),
    [
        ((X[:5, :3], Y[:5]), "test x is float32"),
        ((X[:5].astype(np.float64), Y[:5]), "test x is float64"),
        ((nan(2)[:5], Y[:5]), "test x has NaN"),
        ((X[:5], Y[:5] + 1), "No training example has the label 4"),
    ],
)
def test_wrong_held_out_arrays_are_named(held_out, says):
    with pytest.raises(DataError, match=says):
        from_arrays(X, Y, test=held_out)


@pytest.mark.parametrize(
    "options",
    [{"test": 1.0}, {"test": -0.1}, {"validation": 0.5, "test": 0.5}, {"test": True}],
)
def test_impossible_fractions_are_refused(options):
    with pytest.raises(UsageError, match="fraction"):
        from_arrays(X, Y, **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"test": None}, "test=None: give a fraction"),
        ({"test": "0.2"}, "test='0.2': give a fraction"),
        ({"test": X}, "test=ndarray: give a fraction"),
        ({"test": (X, Y, Y)}, r"test: give a fraction, or a pair \(x, y\); got 3 items"),
        ({"validation": 0.001}, "validation=0.001: is none of 100 examples"),
        ({"seed": "0"}, "seed='0'"),
        ({"name": 3}, "name=3: give a text"),
        ({"preprocessing": "scale"}, "preprocessing: give a value"),
        ({"preprocessing": Scale}, "preprocessing: give a value"),
        ({"classes": "abc"}, "3 class names"),
        ({"classes": 4}, "classes: give a list of names"),
        ({"classes": set("abcd")}, "classes: give a list of names"),
        ({"classes": "abca"}, "a name is given twice"),
    ],
)
def test_wrong_options_are_one_line(options, says):
    with pytest.raises(UsageError, match=says) as error:
        from_arrays(X, Y, **options)
    assert "\n" not in str(error.value)


def test_whatever_numpy_takes_for_an_array_will_do():
    plain = from_arrays(X, Y, test=(X[:8], Y[:8]))
    pairs: list[tuple[Any, Any]] = [
        (X.astype(float).tolist(), Y.tolist()),
        (jnp.asarray(X), jnp.asarray(Y)),
    ]
    for x, y in pairs:
        data = from_arrays(x, y, test=[x[:8], y[:8]], validation=np.float32(0.2))
        for ours, theirs in zip(data.splits, plain.splits, strict=True):
            assert np.array_equal(ours.x, theirs.x)
            assert np.array_equal(ours.y, theirs.y)


def test_class_names_are_texts():
    values, y = np.unique(Y * 10, return_inverse=True)
    assert from_arrays(X, y, classes=values).classes == ("0", "10", "20", "30")
