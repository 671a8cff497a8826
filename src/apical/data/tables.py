"""Data sets in a user's files: arrays in `.npz`, tables in `.csv` and `.tsv`.

`--data PATH.npz`, `--data PATH.csv`, or `--data PATH.csv:COLUMN` where the labels stand in COLUMN.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import is_zipfile

import numpy as np
from jaxtyping import Float

from apical.data.arrays import from_arrays
from apical.data.dataset import Dataset
from apical.data.preprocessing import Standardise
from apical.data.source import Copy, Source
from apical.errors import DataError, UsageError, short, unknown

NAMED = re.compile(r"(?P<path>.+\.(?:npz|csv|tsv))(?::(?P<column>.+))?", re.IGNORECASE)
"""A data set that is told by its file."""
USUAL = ("label", "class", "target", "y")
"""Columns that labels are looked for in, where none is named."""
PAIRS = {
    "train": (("x", "y"), ("x_train", "y_train")),
    "validation": (("x_val", "y_val"), ("x_validation", "y_validation")),
    "test": (("x_test", "y_test"),),
}
"""What arrays of a `.npz` are called."""


@dataclass(frozen=True)
class UserFile(Source):
    """A file of arrays, or a table with a line of column names first.

    Validation and test sets are drawn, a fifth of the examples each, unless a `.npz` has its own.
    Arrays are scaled as by `from_arrays`; the columns of a table are standardised.

    **Arguments:**

    - `path`: of the file, absolute.
    - `column`: of a table: where the labels stand; None: the column called as one of `USUAL`.
    """

    path: Path
    column: str | None = None
    about = "yours"

    @property
    def name(self) -> str:  # type: ignore[override]
        return str(self.path) + (f":{self.column}" if self.column else "")

    def load(self, seed, damaged):
        damaged.refuse(self.name)
        if not self.path.is_file():
            raise DataError(f"{self.path}: not found; expected a file of arrays or a table")
        try:
            if self.path.suffix.lower() == ".npz":
                if self.column is not None:
                    raise DataError("has arrays and no columns; leave out what follows the colon")
                return _of_arrays(self.path, self.name, seed)
            return _of_table(self.path, self.name, self.column, seed)
        except (DataError, UsageError) as error:
            raise DataError(f"{self.path}: {error}") from None
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read ({error.strerror or error})") from None

    def told(self):
        return "as found", "as found", "as found"

    def copies(self):
        return [Copy(str(self.path), partial(self.load, 0, None))] if self.is_here() else []

    def can_be_had(self):
        return self.is_here()

    def is_here(self):
        return self.path.is_file()

    def status(self):
        return f"found in {self.path.parent}" if self.is_here() else "not here"


def user_file(name: str) -> UserFile | None:
    """The file that a data set's name tells, if it does."""
    if (found := NAMED.fullmatch(name)) is None:
        return None
    return UserFile(Path(found["path"]).expanduser().absolute(), found["column"])


def _of_arrays(path: Path, name: str, seed: int) -> Dataset:
    if not is_zipfile(path):
        raise DataError("is no archive of arrays; write it by np.savez")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:  # whatever the damaged part of the file happens to break
        reason = str(error).splitlines()[0]
        raise DataError(f"cannot be read as arrays that np.savez wrote ({reason})") from None
    pairs: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for part, known in PAIRS.items():
        for names in known:
            there = [key for key in names if key in arrays]
            if len(there) == 1:
                (lacking,) = set(names) - set(there)
                raise DataError(f"has {there[0]} and no {lacking}; save both")
            if there:
                pairs[part] = arrays.pop(names[0]), arrays.pop(names[1])
    classes = arrays.pop("classes", None)
    if "train" not in pairs:
        found = ", ".join(arrays) or "nothing"
        raise DataError(f"expected arrays x and y (or x_train and y_train), found {found}")
    if arrays:
        known_names = [key for known in PAIRS.values() for pair in known for key in pair]
        raise DataError(unknown("array", next(iter(arrays)), [*known_names, "classes"]))
    x, y = pairs.pop("train")
    held_out: dict[str, Any] = pairs
    return from_arrays(x, y, name=name, seed=seed, classes=classes, **held_out)


def _of_table(path: Path, name: str, column: str | None, seed: int) -> Dataset:
    lines = _lines(path)
    _, header = next(lines, (1, []))
    _check_header(header)
    at = _label_column(header, column)
    rows, labels = [], []
    for number, cells in lines:
        _check_width(number, cells, header)
        labels.append(cells.pop(at).strip())
        try:
            rows.append(np.array(cells, np.float32))
        except ValueError:
            raise _no_number(number, header[:at] + header[at + 1 :], cells) from None
        if not labels[-1]:
            raise DataError(f"line {number} has no label in column {header[at]!r}; leave it out")
    if not rows:
        raise DataError("has no examples below the line of column names")
    x = np.stack(rows)
    if not np.isfinite(x).all():
        row, where = (int(i) for i in np.argwhere(~np.isfinite(x))[0])
        named = (header[:at] + header[at + 1 :])[where]
        raise DataError(f"example {row} has {x[row, where]} in column {named!r}; drop or fill it")
    made = from_arrays(x, _labels(labels), name=name, seed=seed, preprocessing=Standardise())
    return replace(made, columns=(*header[:at], *header[at + 1 :]))


class Rows(NamedTuple):
    """Rows of a table that columns of numbers were read from."""

    x: Float[np.ndarray, "rows columns"]
    numbers: list[int]
    """The line of each in the file."""
    labels: np.ndarray | None
    """None: the table has no column of them, or rows without."""
    others: list[str]
    """The columns that were passed over."""


def read_rows(path: Path, columns: Sequence[str], data: str) -> Rows:
    """Rows of a table with these columns, in any order among others, for a model of the data set.

    Raises `DataError` for what is no such table.
    """
    if not path.is_file():
        raise DataError(f"{path}: not found; expected a table")
    found = NAMED.fullmatch(data)
    try:
        return _read_rows(path, columns, found["column"] if found else None)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None


def _read_rows(path: Path, columns: Sequence[str], column: str | None) -> Rows:
    lines = _lines(path)
    _, header = next(lines, (1, []))
    _check_header(header, least=1)
    lacking = [name for name in columns if name not in header]
    if lacking:
        raise DataError(
            f"has no column {lacking[0]!r}, which the model was trained on; found "
            f"{', '.join(header[:8])}{', ...' * (len(header) > 8)}"
        )
    at = [header.index(name) for name in columns]
    others = [name for name in header if name not in columns]
    called = [column] if column else [name for name in others if name.lower() in USUAL]
    labelled = called[0] if len(called) == 1 and called[0] in others else None
    rows, numbers, labels = [], [], []
    for number, cells in lines:
        _check_width(number, cells, header)
        own = [cells[i] for i in at]
        try:
            rows.append(np.array(own, np.float32))
        except ValueError:
            raise _no_number(number, [*columns], own) from None
        if not np.isfinite(rows[-1]).all():
            where = int(np.argmin(np.isfinite(rows[-1])))
            raise DataError(f"line {number} has {own[where]} in column {columns[where]!r}; fill it")
        numbers.append(number)
        labels.append(cells[header.index(labelled)].strip() if labelled else "")
    if not rows:
        raise DataError("has no rows below the line of column names")
    if labelled:
        others.remove(labelled)
    return Rows(np.stack(rows), numbers, _labels(labels) if all(labels) else None, others)


def header_of(path: Path, column: str | None) -> tuple[str, ...]:
    """The columns of numbers of a table. Raises `DataError` for what is none."""
    _, header = next(_lines(path), (1, []))
    _check_header(header)
    at = _label_column(header, column)
    return (*header[:at], *header[at + 1 :])


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not empty, and its number."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            between = max("\t,;", key=first.count) if path.suffix.lower() != ".tsv" else "\t"
            reader = csv.reader(file, delimiter=between, strict=True)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
    except UnicodeDecodeError:
        raise DataError("is no text in UTF-8; save it so") from None
    except csv.Error as error:
        raise DataError(f"is no table that can be read ({error})") from None


def _check_width(number: int, cells: list[str], header: list[str]) -> None:
    if len(cells) != len(header):
        raise DataError(
            f"line {number} has {len(cells)} cells, and the first line names {len(header)} "
            "columns; make them as many"
        )


def _check_header(header: list[str], least: int = 2) -> None:
    header[:] = [cell.strip() for cell in header]
    if len(header) < least:
        count = "two columns or more" if least > 1 else "columns"
        raise DataError(f"expected a line with the names of {count}, found {short(header)}")
    if all(_is_number(cell) for cell in header):
        raise DataError(
            f"expected the names of columns in the first line, found numbers ({header[0]}, ...); "
            "write names above them"
        )
    if twice := next((cell for cell in header if header.count(cell) > 1), None):
        raise DataError(f"two columns are called {twice!r}; give each its own name")


def _label_column(header: list[str], column: str | None) -> int:
    if column is not None:
        if column not in header:
            raise DataError(unknown("column", column, header))
        return header.index(column)
    usual = [cell for cell in header if cell.lower() in USUAL]
    if len(usual) != 1:
        found = f"found {' and '.join(usual)}" if usual else f"found {', '.join(header[:8])}"
        raise DataError(
            f"which column has the labels? One called {', '.join(USUAL)} is taken, {found}; name "
            f"it behind a colon, as in PATH:{header[-1]}"
        )
    return header.index(usual[0])


def _no_number(number: int, names: list[str], cells: list[str]) -> DataError:
    name, cell = next(
        (name, cell) for name, cell in zip(names, cells, strict=True) if not _is_number(cell)
    )
    if not cell.strip():
        return DataError(f"line {number} has nothing in column {name!r}; fill it, or leave it out")
    return DataError(
        f"line {number}, column {name!r}: expected a number, found {short(cell)}; write texts as "
        "numbers (one column of 0 and 1 for each), or leave the column out"
    )


def _is_number(cell: str) -> bool:
    try:
        np.float32(cell)
    except ValueError:
        return False
    return True


def _labels(cells: list[str]) -> np.ndarray:
    """Integers where all are, floats where all are, or else texts."""
    for kind in (np.int64, np.float64):
        try:
            return np.array([kind(cell) for cell in cells])
        except (ValueError, OverflowError):
            continue
    return np.array(cells)
