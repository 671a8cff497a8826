"""A data set from a researcher's own arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from apical.data.dataset import Dataset
from apical.data.preprocessing import Preprocessing, Scale
from apical.data.splits import Split, Splits, checked_seed, stratified
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
      Anything that NumPy makes such an array of will do: nested lists of floats, a JAX array.
    - `y`: integer labels 0..k-1, shape (n,).
    - `name`: what tables and run folders call the data.
    - `validation`, `test`: a fraction of `(x, y)` to draw, stratified by class (0 for none), or
      your own pair `(x, y)` to use as it is.
    - `seed`: of the draws.
    - `classes`: one name a class; "0", "1", ... if not given.
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
    fractions = {
        part: _fraction(part, held_out[part], len(whole)) for part in held_out if part not in given
    }
    if sum(fractions.values()) >= 1:
        raise UsageError(f"The fractions {fractions} leave nothing to train on.")
    drawn = stratified(whole, fractions.get("validation", 0.0), fractions.get("test", 0.0), seed)
    splits = drawn._replace(**given)

    if preprocessing is None:
        preprocessing = Scale(255.0 if whole.x.dtype == np.uint8 else 1.0)
    return Dataset(name, *splits, _class_names(classes, splits), preprocessing)


def _checked(examples: ArrayLike, labels: ArrayLike, part: str) -> Split:
    x, y = _array(f"{part}x", examples), _array(f"{part}y", labels)
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
        row = int(np.argwhere(~np.isfinite(x))[0][0])
        raise DataError(
            f"{part}x has NaN or infinite values, the first in example {row}; drop or fill them."
        )
    if y.shape != x.shape[:1]:
        raise DataError(
            f"{part}y has shape {y.shape}; {part}x has {len(x)} examples, so give one integer "
            f"label each, shape ({len(x)},) (from one-hot: y.argmax(1))."
        )
    if y.dtype.kind not in "iu":
        raise DataError(
            f"{part}y is {y.dtype}; give integer labels 0..k-1: "
            "classes, y = np.unique(y, return_inverse=True)."
        )
    if y.min() < 0 or y.max() >= 2**31:
        raise DataError(f"{part}y runs from {y.min()} to {y.max()}; give labels 0..k-1.")
    return Split(x, y.astype(np.int32))


def _array(name: str, value: ArrayLike) -> np.ndarray:
    if np.ma.isMaskedArray(value):
        raise DataError(f"{name} is a masked array; fill or drop what is masked: {name}.filled(0).")
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists, tensors of other kinds
        reason = str(error).splitlines()[0]
        raise DataError(f"{name} cannot be made a NumPy array: {reason}") from None


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


def _class_names(classes: Sequence[str] | np.ndarray | None, splits: Splits) -> tuple[str, ...]:
    train = splits.train.y
    needed = 1 + max(int(split.y.max(initial=0)) for split in splits)
    present = set(np.unique(train).tolist())
    missing = list(islice((label for label in range(needed) if label not in present), 6))
    if missing:
        shown = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        raise DataError(
            f"No training example has the label {shown}, yet labels reach {needed - 1}; "
            "relabel as 0..k-1: np.unique(y, return_inverse=True)[1]."
        )
    if needed < 2:
        raise DataError("Every label is 0; a classification needs at least two classes.")
    if classes is None:
        return tuple(map(str, range(needed)))
    if not isinstance(classes, Sequence | np.ndarray):
        raise UsageError(
            f"classes: give a list of names in the order of the labels, got {classes}."
        )
    names = tuple(map(str, classes))
    if len(names) != needed:
        raise UsageError(f"{len(names)} class names given, but the labels are 0..{needed - 1}.")
    if len(set(names)) != needed:
        raise UsageError(f"classes: a name is given twice in {names}; give each class its own.")
    return names
