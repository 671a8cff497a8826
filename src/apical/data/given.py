"""What users hand over as examples and labels, as NumPy arrays: arrays of any library, and frames.

No library is imported for it. A frame is what has `columns` and `to_numpy`, as those of pandas and
polars; a column of one has `to_numpy` alone; arrays of PyTorch and JAX are read by NumPy itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from apical.errors import DataError, UsageError


def array_of(value: Any, name: str) -> np.ndarray:
    """A NumPy array; a frame's columns side by side, as float32.

    **Raises:** `DataError` naming it, and the column of a frame that has no numbers.
    """
    if np.ma.isMaskedArray(value):
        raise DataError(f"{name} is a masked array; fill or drop what is masked: {name}.filled(0).")
    to_numpy = getattr(value, "to_numpy", None)
    if is_frame(value):
        columns = [_column(value[c], f"{name}, column {c!r}") for c in value.columns]
        return np.stack(columns, axis=1) if columns else np.empty((len(value), 0), np.float32)
    if getattr(value, "nnz", None) is not None:
        raise DataError(f"{name} is sparse; give all of its values: {name}.toarray().")
    try:
        return np.asarray(value if to_numpy is None else to_numpy())
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists, tensors of other kinds
        reason = str(error).splitlines()[0]
        raise DataError(f"{name} cannot be made a NumPy array: {reason}") from None


def is_frame(value: Any) -> bool:
    """Whether it is a table with named columns."""
    return getattr(value, "columns", None) is not None and callable(
        getattr(value, "to_numpy", None)
    )


def _column(column: Any, name: str) -> np.ndarray:
    found = np.asarray(column.to_numpy())
    if found.dtype.kind not in "fiub":
        try:  # numbers that may be missing are objects to NumPy
            return found.astype(np.float64).astype(np.float32)
        except (ValueError, TypeError):
            text = next((v for v in found.tolist() if isinstance(v, str)), None)
            what = f"{found.dtype}" if text is None else f"text, as {text!r:.40}"
            raise DataError(
                f"{name} is {what}; give numbers, or leave it out of the examples."
            ) from None
    return found.astype(np.float32)


def raw_examples(value: Any, name: str) -> Any:
    """Examples for a model that knows their shape: an array of finite numbers.

    **Raises:** `UsageError` for anything else.
    """
    try:
        found = array_of(value, name)
    except DataError as error:
        raise UsageError(str(error)) from None
    if found.dtype.kind not in "fiub":
        raise UsageError(f"{name}: must be numbers, got {found.dtype}")
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        row = int(np.argwhere(~np.isfinite(found))[0][0])
        raise UsageError(
            f"{name}: has NaN or infinite values, the first in example {row}; drop or fill them"
        )
    return found


def labels_of(value: Any, name: str, examples: int) -> np.ndarray:
    """Labels of classes, one for each of so many examples: integers, texts, truth values, or
    floats that are whole numbers, as scikit-learn takes them.

    **Raises:** `DataError` for another shape, missing labels, and what is no label of a class.
    """
    if is_frame(value) and len(value.columns) == 1:
        value = value[value.columns[0]]
    y = array_of(value, name)
    if y.shape != (examples,):
        raise DataError(
            f"{name} has shape {y.shape}; there are {examples} examples, so give one label each, "
            f"shape ({examples},) (from one-hot: y.argmax(1))."
        )
    if y.dtype.kind in "OTS":
        y = _of_objects(y, name)
    if y.dtype.kind == "f":
        if not np.isfinite(y).all():
            row = int(np.argmin(np.isfinite(y)))
            raise DataError(f"{name} has no label for example {row} ({y[row]}); drop or fill it.")
        if (fractions := y != np.round(y)).any():
            raise DataError(
                f"{name} has {y[fractions.argmax()]:g}; labels of classes are integers or texts, "
                "and there is no regression here: cut numbers into classes, as by np.digitize."
            )
    if y.dtype.kind not in "biufU":
        raise DataError(f"{name} is {y.dtype}; give integers or texts as labels.")
    return y


def _of_objects(y: np.ndarray, name: str) -> np.ndarray:
    """Labels that are Python objects as an array of their common type."""
    items = [item.decode(errors="replace") if isinstance(item, bytes) else item for item in y]
    for row, item in enumerate(items):
        if item is None or item != item or str(item) == "<NA>":
            raise DataError(f"{name} has no label for example {row} ({item}); drop or fill it.")
    kinds = {"text" if isinstance(item, str) else "number" for item in items}
    if len(kinds) > 1:
        raise DataError(f"{name} has texts and numbers; make all texts: [str(v) for v in y].")
    found = np.array(items)
    if found.shape != y.shape or found.dtype.kind not in "biufU":
        raise DataError(f"{name} is {y.dtype}; give integers or texts as labels.")
    return found
