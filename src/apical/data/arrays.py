"""A data set from a researcher's own arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apical.data.dataset import Dataset
from apical.data.preprocessing import Preprocessing, Scale
from apical.data.splits import Split, checked_seed, stratified
from apical.errors import DataError, UsageError

HeldOut = float | tuple[np.ndarray, np.ndarray]


def from_arrays(
    x: np.ndarray,
    y: np.ndarray,
    *,
    name: str = "arrays",
    validation: HeldOut = 0.2,
    test: HeldOut = 0.2,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    preprocessing: Preprocessing | None = None,
) -> Dataset:
    """A `Dataset` from arrays in memory.

    **Arguments:**

    - `x`: examples, shape (n, ...), uint8 (kept so), float32 or float64, all finite.
    - `y`: integer labels 0..k-1, shape (n,).
    - `validation`, `test`: a fraction of `(x, y)` to draw, stratified by class (0 for none), or
      your own pair `(x, y)` to use as it is.
    - `seed`: of the draws.
    - `classes`: one name a class; "0", "1", ... if not given.
    - `preprocessing`: the set's default; if not given, uint8 is divided by 255 and floats are
      left as they are.

    **Raises:** `DataError` if an array has the wrong shape, dtype or labels, or a value that is
    not finite; `UsageError` if the fractions or class names make no sense.
    """
    seed = checked_seed(seed)
    whole = _checked(x, y, "")
    held_out = {"validation": validation, "test": test}
    given = {
        part: _checked(*pair, f"{part} ")
        for part, pair in held_out.items()
        if isinstance(pair, tuple)
    }
    for part, split in given.items():
        if split.x.shape[1:] != whole.x.shape[1:] or split.x.dtype != whole.x.dtype:
            raise DataError(
                f"{part} x is {split.x.dtype} {split.x.shape[1:]} an example, but train x is "
                f"{whole.x.dtype} {whole.x.shape[1:]}; make them the same."
            )
    fractions = {part: _fraction(part, held_out[part]) for part in held_out if part not in given}
    if sum(fractions.values()) >= 1:
        raise UsageError(f"The fractions {fractions} leave nothing to train on.")
    drawn = stratified(whole, fractions.get("validation", 0.0), fractions.get("test", 0.0), seed)
    splits = drawn._replace(**given)

    if preprocessing is None:
        preprocessing = Scale(255.0 if whole.x.dtype == np.uint8 else 1.0)
    return Dataset(name, *splits, _class_names(classes, splits), preprocessing)


def _checked(x: np.ndarray, y: np.ndarray, part: str) -> Split:
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim < 2 or 0 in x.shape:
        raise DataError(f"{part}x has shape {x.shape}; give examples as (n, ...), none empty.")
    if x.dtype not in (np.uint8, np.float32, np.float64):
        raise DataError(
            f"{part}x is {x.dtype}; give uint8, float32 or float64, as x.astype(np.float32)."
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
    if not np.issubdtype(y.dtype, np.integer):
        raise DataError(f"{part}y is {y.dtype}; give integer labels 0..k-1.")
    if y.min() < 0 or y.max() >= 2**31:
        raise DataError(f"{part}y runs from {y.min()} to {y.max()}; give labels 0..k-1.")
    return Split(x, y.astype(np.int32))


def _fraction(part: str, value: HeldOut) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise UsageError(
            f"{part}={value!r}: give a fraction from 0 up to (not including) 1, or a pair (x, y)."
        )
    return float(value)


def _class_names(classes: Sequence[str] | None, splits: Sequence[Split]) -> tuple[str, ...]:
    train = splits[0].y
    needed = 1 + max(int(split.y.max(initial=0)) for split in splits)
    missing = sorted(set(range(needed)) - set(np.unique(train).tolist()))
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
    if len(classes) != needed:
        raise UsageError(f"{len(classes)} class names given, but the labels are 0..{needed - 1}.")
    return tuple(classes)
