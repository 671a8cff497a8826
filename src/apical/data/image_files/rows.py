"""Many image files as an array of examples, which are decoded when they are read."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apical.data.image_files.ahead import ahead
from apical.data.image_files.decoding import decode
from apical.data.image_files.framings import Framing
from apical.data.image_files.trees import Place
from apical.errors import DataError

THREADS = 2
"""That decode the images of an array. Decoding, and resizing, leave the interpreter to others."""
SLICES = 4 * THREADS
"""Into which an array is cut, so that no thread waits long for the last."""

Draws = Callable[[int], np.random.Generator]
"""The chance that is an image's, by its number among the files."""


@dataclass(frozen=True, eq=False)
class ImageRows:
    """Images as an array of uint8 (n, size, size, 3).

    An index gives fewer of them, still files; `np.asarray` decodes them, in their frames for
    measuring. Raises `DataError` then, naming the file, if one cannot be decoded.
    """

    files: Sequence[Place]
    framing: Framing
    rows: np.ndarray
    """Numbers among the files."""

    @classmethod
    def of(cls, files: Sequence[Place], framing: Framing) -> ImageRows:
        """All of some files."""
        return cls(files, framing, np.arange(len(files)))

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self._frame)

    @property
    def ndim(self) -> int:
        return 4

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.uint8)

    @property
    def _frame(self) -> tuple[int, int, int]:
        return (self.framing.size, self.framing.size, 3)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: slice | np.ndarray) -> ImageRows:
        return replace(self, rows=self.rows[which])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        frames = self._read(lambda pixels, row: self.framing(pixels))
        return frames if dtype is None else frames.astype(dtype)

    def drawn(self, draws: Draws) -> np.ndarray:
        """The images in frames for training, each by its own chance."""
        return self._read(lambda pixels, row: self.framing.drawn(pixels, draws(row)))

    def _read(self, frame: Callable[[np.ndarray, int], np.ndarray]) -> np.ndarray:
        frames = aligned(self.shape)

        def fill(places: np.ndarray) -> None:
            for i in places:
                row = self.rows[i]
                frames[i] = frame(decode(self.files[row]), int(row))

        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(fill, np.array_split(np.arange(len(frames)), SLICES)):
                pass  # but raise what went wrong
        return frames

    def damaged(self) -> list[str]:
        """The names of the files that cannot be decoded; all are read."""

        def broken(row: int) -> str | None:
            try:
                decode(self.files[row])
            except DataError:
                return self.files[row].name
            return None

        return [name for name in ahead(broken, self.rows.tolist(), THREADS) if name is not None]

    def fingerprint(self, crc: int) -> int:
        """A checksum of the files' names and sizes and of the framing, going on from `crc`.

        What is in them is not read: that would take as long as an epoch.
        """
        for row in self.rows:
            place = self.files[row]
            crc = zlib.crc32(f"{place.name} {place.length}".encode(), crc)
        return zlib.crc32(repr(self.framing).encode(), crc)


ALIGNED = 64
"""The CPU of JAX takes an array that begins at a multiple of so many bytes as it is."""


def aligned(shape: tuple[int, ...]) -> np.ndarray:
    """An array of uint8 that is still to be filled."""
    size = math.prod(shape)
    held = np.empty(size + ALIGNED, np.uint8)
    begin = -held.ctypes.data % ALIGNED
    return held[begin : begin + size].reshape(shape)
