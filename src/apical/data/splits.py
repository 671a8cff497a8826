"""Division of examples into train, validation and test."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from apical.data.image_files.ahead import ahead
from apical.data.image_files.rows import ImageRows
from apical.errors import DataError, UsageError


@dataclass(frozen=True, eq=False)
class Split:
    """Examples `x`, shape (n, *shape), and their labels `y`, int32, shape (n,).

    !!! example

        >>> split = Split(np.eye(3), np.array([0, 1, 1], np.int32))
        >>> len(split), len(split.take(split.y == 1))
        (3, 2)
    """

    x: Any
    """An array, or `ImageRows`, which NumPy reads as one."""
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: np.ndarray) -> Split:
        """The examples at these rows (indices or a mask), copied."""
        return Split(self.x[rows], self.y[rows])

    def read(self, size: int, ours: slice | None = None) -> Iterator[tuple[np.ndarray, Any]]:
        """Raw examples and labels, if any, so many at a time; those of files are read ahead.

        `ours`: of each so many these alone, as where others are another host's.
        """
        of_each = slice(0, size) if ours is None else ours

        def part(begin: int) -> tuple[np.ndarray, Any]:
            which = slice(begin + of_each.start, begin + of_each.stop)
            labels = None if self.y is None else self.y[which]
            return np.asarray(self.x[which]), labels

        begins: Sequence[int] = range(0, len(self), size)
        return map(part, begins) if isinstance(self.x, np.ndarray) else ahead(part, begins)

    def checksum(self, crc: int = 0) -> int:
        """Tells apart splits, going on from `crc`; of files, their names and sizes are read."""
        if isinstance(self.x, ImageRows):
            crc = self.x.fingerprint(crc)
        else:
            crc = zlib.crc32(np.ascontiguousarray(self.x).data, crc)
        return zlib.crc32(np.ascontiguousarray(self.y).data, crc)


class Splits(NamedTuple):
    """The three splits, in the order they are used."""

    train: Split
    validation: Split
    test: Split


def checked_seed(seed: int) -> int:
    """The seed itself; `UsageError` unless it is an integer from 0 to 2**32 - 1."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise UsageError(f"seed={seed!r}: give an integer from 0 to 2**32 - 1.")
    return int(seed)


def hold_out(train: Split, test: Split, size: int, seed: int) -> Splits:
    """Draw a validation set of `size` from the canonical training set; `test` is left as it is.

    The rows drawn are those of the `size` smallest of n raw PCG64 words. Numpy promises the raw
    stream of a bit generator for ever, but not `Generator.permutation`, and the same seed must
    mean the same split on every version.
    """
    order = np.argsort(np.random.PCG64(seed).random_raw(len(train)), kind="stable")
    drawn = np.zeros(len(train), bool)
    drawn[order[:size]] = True
    return Splits(train.take(~drawn), train.take(drawn), test)


def stratified(whole: Split, validation: float, test: float, seed: int) -> Splits:
    """Draw the fractions `validation` and `test` of `whole`, each class in its proportion.

    A fraction of 0 gives an empty split. Both draws are scikit-learn's `train_test_split`.

    **Raises:** `DataError` if a class has too few examples to be in every split.
    """
    rest, tested = _draw(whole, round(test * len(whole)), seed)
    train, validated = _draw(rest, round(validation * len(whole)), seed)
    return Splits(train, validated, tested)


def _draw(split: Split, size: int, seed: int) -> tuple[Split, Split]:
    """(what is left, `size` examples drawn), both in the original order of rows."""
    if size == 0:
        return split, split.take(np.arange(0))
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(split))
    try:
        left, drawn = train_test_split(rows, test_size=size, stratify=split.y, random_state=seed)
    except ValueError as error:
        raise DataError(
            f"A stratified draw of {size} from {len(split)} examples is impossible: {error} "
            "Give more examples, other fractions, or your own (x, y) held-out arrays."
        ) from error
    return split.take(np.sort(left)), split.take(np.sort(drawn))
