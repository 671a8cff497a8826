"""`from_arrays`: a researcher's arrays become a data set, or the slip is named."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import coo_array

from apical.data import Scale, from_arrays
from apical.errors import DataError, UsageError

X = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
Y = np.arange(100) % 4
LETTERS = np.array(list("abcd"))


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
        (
            X,
            Y / 2,
            "y has 0.5; labels of classes are integers or texts, and there is",
        ),
        (X, np.where(Y, Y, np.nan), r"y has no label for example 0 \(nan\)"),
        (X, ["a", None] * 50, r"y has no label for example 1 \(None\)"),
        (X, np.array(["a", 1] * 50, object), "y has texts and numbers; make all texts"),
        (X, [{}] * 100, "y is object; give integers or texts"),
        (X, Y + 0j, "y is complex128; give integers or texts"),
        (X, Y * 0, "Every label is 0; .* two classes"),
        (X, ["a"] * 100, "Every label is 'a'"),
        (coo_array(X), Y, r"x is sparse; give all of its values: x.toarray\(\)"),
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
        ((X[:5], Y[:5] + 1), "test y has 4: No training example has the label"),
        ((X[:5], list("abcda")), "test y has 'a': No training example has the label"),
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
        ({"y": LETTERS[Y], "classes": "abce"}, "the labels are a, b, c, d; name these and no"),
        ({"y": Y * 0.0 + Y, "classes": "abc"}, r"3 class names .* labels are \[0.0, 1.0, 2.0"),
    ],
)
def test_wrong_options_are_one_line(options, says):
    with pytest.raises(UsageError, match=says) as error:
        from_arrays(X, **{"y": Y} | options)
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


@pytest.mark.parametrize(
    ("y", "classes", "labels"),
    [
        (Y, "0123", None),
        (Y.astype(np.uint8), "0123", None),
        (Y * 5 - 5, ("-5", "0", "5", "10"), [-5, 0, 5, 10]),
        (Y + 2**31, tuple(str(2**31 + i) for i in range(4)), [2**31 + i for i in range(4)]),
        (Y.astype(float), ("0.0", "1.0", "2.0", "3.0"), [0.0, 1.0, 2.0, 3.0]),
        (Y % 2 > 0, ("False", "True"), [False, True]),
        (LETTERS[::-1][Y], "abcd", list("abcd")),
        (LETTERS[Y].tolist(), "abcd", list("abcd")),
        (LETTERS[Y].astype(object), "abcd", list("abcd")),
        (LETTERS[Y].astype("S"), "abcd", list("abcd")),
        (Y.astype(object), "0123", None),
    ],
    ids=lambda value: str(getattr(value, "dtype", type(value).__name__)),
)
def test_labels_are_any_that_scikit_learn_takes(y, classes, labels):
    data = from_arrays(X, y, validation=0, test=0)
    assert data.classes == tuple(classes)
    assert (None if data.labels is None else data.labels.tolist()) == labels
    named = np.arange(4) if labels is None else np.array(labels)
    np.testing.assert_array_equal(named[data.train.y].astype(str), np.asarray(y).astype(str))
    assert data.train.y.dtype == np.int32


def test_texts_are_numbered_in_the_order_of_classes():
    data = from_arrays(X, LETTERS[Y], validation=0, test=0, classes="dcba")
    assert data.classes == tuple("dcba")
    np.testing.assert_array_equal(data.train.y, 3 - Y)
    chosen = data.select([2, 0])
    assert (chosen.classes, np.array(chosen.labels).tolist()) == (("b", "d"), ["b", "d"])


def test_named_integers_count_from_zero():
    with pytest.raises(DataError, match=r"classes: names are for labels 0..k-1, and these run"):
        from_arrays(X, Y * 2, classes="abcd")


class Tensor:
    """As PyTorch's: read by NumPy unless it has a gradient."""

    def __init__(self, values, needs_gradient=False):
        self.values, self.needs_gradient = values, needs_gradient

    def __array__(self, dtype=None, copy=None):
        if self.needs_gradient:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use detach()")
        return self.values if dtype is None else self.values.astype(dtype)


def test_tensors_are_read():
    data = from_arrays(Tensor(X), Tensor(Y), validation=0, test=0)
    np.testing.assert_array_equal(data.train.x, X)
    with pytest.raises(DataError, match=r"x cannot be made a NumPy array: .* Use detach\(\)"):
        from_arrays(Tensor(X, needs_gradient=True), Y)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_are_read(library):
    frames = pytest.importorskip(library)
    columns = {"age": np.arange(100), "size": X[:, 0].astype(float), "old": Y > 1}
    frame = frames.DataFrame(columns)
    labels = frames.Series(LETTERS[Y].tolist())
    data = from_arrays(frame, labels, validation=0, test=0)
    expected = np.stack([np.asarray(c, np.float32) for c in columns.values()], axis=1)
    np.testing.assert_array_equal(data.train.x, expected)
    assert data.train.x.dtype == np.float32
    assert data.classes == tuple("abcd")
    as_frame = from_arrays(frame, frames.DataFrame({"y": LETTERS[Y].tolist()}), test=0)
    assert as_frame.classes == tuple("abcd")
    text = frames.DataFrame(columns | {"town": LETTERS[Y].tolist()})
    with pytest.raises(DataError, match=r"x, column 'town' is text, as 'a'; give numbers, or"):
        from_arrays(text, labels)
    missing = frames.DataFrame(columns | {"size": [None, *X[1:, 0].tolist()]})
    with pytest.raises(DataError, match="infinite values, the first in example 0, column 'size'"):
        from_arrays(missing, labels)
    with pytest.raises(DataError, match=r"y has no label for example 2 \("):
        from_arrays(frame, frames.Series(["a", "b", None, "c"] * 25))
