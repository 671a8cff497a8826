"""A data set from a researcher's own arrays."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from apical.data.dataset import Dataset
from apical.data.given import array_of, is_frame, labels_of
from apical.data.preprocessing import Preprocessing, Scale
from apical.data.splits import Split, checked_seed, stratified
from apical.errors import DataError, UsageError

HeldOut = float | np.floating | Sequence[ArrayLike]


def from_arrays(
    x: ArrayLike,
    y: ArrayLike,
    *,
    name: str = "arrays",
    validation: HeldOut = 0.2,
    test: HeldOut = 0.2,
    seed: int = 0,
    classes: Sequence[str] | np.ndarray | None = None,
    preprocessing: Preprocessing | None = None,
) -> Dataset:
    """A `Dataset` from arrays in memory.

    **Arguments:**

    - `x`: examples, shape (n, ...): uint8 (kept so), float32 or float64, all finite. Vectors are
      (n, features), grey images (n, rows, columns), colour images (n, rows, columns, channels).
      Anything that NumPy makes such an array of will do: nested lists of floats, an array of
      JAX or PyTorch. A frame of pandas or polars gives its columns, in float32.
    - `y`: a label for each example, shape (n,): integers, texts, truth values, or floats that are
      whole numbers, as scikit-learn takes them; an array, a list or a column of a frame.
    - `name`: what tables and run folders call the data.
    - `validation`, `test`: a fraction of `(x, y)` to draw, stratified by class (0 for none), or
      your own pair `(x, y)` to use as it is. Arrays that are used as they are, and `x` itself if
      nothing is drawn from it, are not copied: a change of theirs is a change of the data set.
    - `seed`: of the draws.
    - `classes`: one name a class; if not given, the labels themselves, in order. Beside integer
      labels, those are 0..k-1; texts are numbered in the order of `classes`.
    - `preprocessing`: the set's default; if not given, uint8 is divided by 255 and floats are
      left as they are.

    **Raises:** `DataError` if an array has the wrong shape, dtype or labels, or a value that is
    not finite; `UsageError` if the fractions, class names or other options make no sense.

    !!! example

        >>> import numpy as np
        >>> draw = np.random.default_rng(0)
        >>> x = draw.normal(size=(100, 4)).astype(np.float32)
        >>> y = (x[:, 0] > 0).astype(int)
        >>> data = from_arrays(x, y, classes=("left", "right"))
        >>> len(data.train), len(data.validation), len(data.test), data.shape
        (60, 20, 20, (4,))
        >>> from_arrays(x, np.where(y, "right", "left")).classes
        ('left', 'right')
    """
    seed = checked_seed(seed)
    if not isinstance(name, str) or not name:
        raise UsageError(f"name={name!r}: give a text, such as 'mine'.")
    if not isinstance(preprocessing, Preprocessing | None):
        raise UsageError(
            f"preprocessing: give a value such as apical.data.Standardise(), got {preprocessing!r}."
        )
    whole = _checked(x, y, "")
    held_out = {"validation": validation, "test": test}
    given = {
        part: _checked(*_pair(part, value), f"{part} ")
        for part, value in held_out.items()
        if isinstance(value, tuple | list)
    }
    for part, split in given.items():
        if split.x.shape[1:] != whole.x.shape[1:] or split.x.dtype != whole.x.dtype:
            raise DataError(
                f"{part} x is {split.x.dtype} {split.x.shape[1:]} an example, but train x is "
                f"{whole.x.dtype} {whole.x.shape[1:]}; make them the same."
            )
    labels, named = _labels(whole.y, classes)
    whole = Split(whole.x, _numbers(whole.y, labels, "y"))
    given = {p: Split(s.x, _numbers(s.y, labels, f"{p} y")) for p, s in given.items()}
    fractions = {
        part: _fraction(part, held_out[part], len(whole)) for part in held_out if part not in given
    }
    if sum(fractions.values()) >= 1:
        raise UsageError(f"The fractions {fractions} leave nothing to train on.")
    drawn = stratified(whole, fractions.get("validation", 0.0), fractions.get("test", 0.0), seed)
    splits = drawn._replace(**given)

    if preprocessing is None:
        preprocessing = Scale(255.0 if whole.x.dtype == np.uint8 else 1.0)
    usual = labels.dtype.kind in "iu" and np.array_equal(labels, np.arange(len(labels)))
    return Dataset(name, *splits, named, preprocessing, labels=None if usual else labels)


def _checked(examples: Any, labels: Any, part: str) -> Split:
    """The examples, and their labels as they were given."""
    x = array_of(examples, f"{part}x")
    if x.ndim < 2 or 0 in x.shape:
        single = "; for one feature x[:, None]" if x.ndim == 1 and x.size else ""
        raise DataError(
            f"{part}x has shape {x.shape}; give examples as (n, ...), none empty{single}."
        )
    if x.dtype not in (np.uint8, np.float32, np.float64):
        pixels = x.dtype.kind in "iu" and x.min() >= 0 and x.max() <= 255
        way = "np.asarray(x, np.uint8) for pixels, or " if pixels else ""
        raise DataError(
            f"{part}x is {x.dtype}; give uint8, float32 or float64: {way}np.asarray(x, np.float32)."
        )
    if x.dtype != np.uint8 and not np.isfinite(x).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(x))[0][:2])
        where = f", column {examples.columns[column]!r}" if is_frame(examples) else ""
        raise DataError(
            f"{part}x has NaN or infinite values, the first in example {row}{where}; drop or fill "
            "them."
        )
    return Split(x, labels_of(labels, f"{part}y", len(x)))


def _labels(
    y: np.ndarray, classes: Sequence[str] | np.ndarray | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The label of each class, and the name of each.

    **Raises:** `DataError` if they are no two classes, `UsageError` for names of other classes.
    """
    labels = np.unique(y)
    if len(labels) < 2:
        raise DataError(
            f"Every label is {labels.tolist()[0]!r}; a classification needs at least two classes."
        )
    if classes is None:
        return labels, tuple(str(label) for label in labels.tolist())
    if not isinstance(classes, Sequence | np.ndarray):
        raise UsageError(
            f"classes: give a list of names in the order of the labels, got {classes}."
        )
    names = tuple(map(str, classes))
    if len(set(names)) != len(names):
        raise UsageError(f"classes: a name is given twice in {names}; give each class its own.")
    if labels.dtype.kind == "U":
        if set(names) != set(labels.tolist()):
            raise UsageError(
                f"classes: the labels are {', '.join(labels[:9])}; name these and no others, in "
                "the order that they are to have."
            )
        return np.array(names), names
    if labels.dtype.kind in "iu":
        _refuse_gaps(labels)
    if len(names) != len(labels):
        known = f"0..{len(labels) - 1}" if labels.dtype.kind in "iu" else f"{labels.tolist()}"
        raise UsageError(f"{len(names)} class names given, but the labels are {known}.")
    return labels, names


def _refuse_gaps(labels: np.ndarray) -> None:
    """Raises `DataError` if integers that are to have names do not count from 0."""
    if labels[0] < 0 or labels[-1] != len(labels) - 1:
        raise DataError(
            f"classes: names are for labels 0..k-1, and these run from {labels[0]} to "
            f"{labels[-1]} with {len(labels)} in between; leave classes out, or relabel: "
            "np.unique(y, return_inverse=True)[1]."
        )


def _numbers(y: np.ndarray, labels: np.ndarray, name: str) -> np.ndarray:
    """Labels as numbers of classes. Raises `DataError` for one that training has not."""
    number = {label: i for i, label in enumerate(labels.tolist())}
    try:
        return np.array([number[label] for label in y.tolist()], np.int32)
    except KeyError as error:
        raise DataError(
            f"{name} has {error.args[0]!r}: No training example has the label; add some, or leave "
            "it out."
        ) from None


def _pair(part: str, value: Sequence[ArrayLike]) -> tuple[ArrayLike, ArrayLike]:
    if len(value) != 2:
        raise UsageError(f"{part}: give a fraction, or a pair (x, y); got {len(value)} items.")
    x, y = value
    return x, y


def _fraction(part: str, value: object, examples: int) -> float:
    number = isinstance(value, Real) and not isinstance(value, bool)
    fraction = float(value) if number else -1.0  # type: ignore[arg-type]
    if not 0 <= fraction < 1:
        found = repr(value) if isinstance(value, Real | str | None) else type(value).__name__
        raise UsageError(
            f"{part}={found}: give a fraction from 0 up to (not including) 1, or a pair (x, y)."
        )
    if fraction > 0 and round(fraction * examples) == 0:
        raise UsageError(
            f"{part}={value}: is none of {examples} examples; give a larger fraction, or 0."
        )
    return fraction
