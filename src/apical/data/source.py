"""A known data set: what it is called, where its bytes come from, how they become splits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from apical.data.dataset import Dataset
from apical.data.preprocessing import Preprocessing
from apical.data.splits import Splits
from apical.data.verified_files import KnownFile, read_file
from apical.errors import UsageError

Arrange = Callable[[Mapping[str, bytes], int], Splits]


class Damaged(NamedTuple):
    """What becomes of image files that cannot be decoded."""

    skip: bool = False
    """Read all files first, and leave such out; else they are an error when they are read."""
    known: tuple[str, ...] = ()
    """The names of files that are left out without being read."""

    def refuse(self, name: str) -> None:
        """Raises `UsageError` if anything was asked for, of a data set without image files."""
        if self != Damaged():
            raise UsageError(f"skip_damaged: is for image files, and {name} has none; leave it out")


class Source(ABC):
    """A data set by name."""

    name: str
    """What `load` calls it."""
    about: str
    """Authors and licence, one line."""

    @abstractmethod
    def load(self, seed: int, damaged: Damaged) -> Dataset:
        """The data set, what it holds out drawn by `seed`; `DataError` if it cannot be had."""

    @abstractmethod
    def told(self) -> tuple[str, str, str]:
        """Its examples of train, validation and test, their shape, and its classes, in words."""

    @abstractmethod
    def copies(self) -> list[Copy]:
        """Every copy on this machine, found without reading or downloading anything."""

    @abstractmethod
    def is_here(self) -> bool:
        """Whether `load` needs no download."""

    @abstractmethod
    def can_be_had(self) -> bool:
        """Whether it is here or is downloaded by `load`."""

    @abstractmethod
    def status(self) -> str:
        """Where `load` would take the data from, in a few words."""


@dataclass(frozen=True)
class VerifiedSource(Source):
    """A data set whose every byte is known.

    **Arguments:**

    - `name`, `about`: as of every source.
    - `shape`: of one example.
    - `sizes`: of train, validation and test.
    - `classes`: class names in the order of the labels.
    - `preprocessing`: the set's default.
    - `origin`: gives the verified contents, by file name.
    - `arrange`: from those bytes and a seed to the three splits.
    """

    name: str
    about: str
    shape: tuple[int, ...]
    sizes: tuple[int, int, int]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    origin: Origin
    arrange: Arrange

    def load(self, seed, damaged):
        damaged.refuse(self.name)
        splits = self.arrange(self.origin.read(self.name), seed)
        return Dataset(self.name, *splits, self.classes, self.preprocessing)

    def told(self):
        sizes, shape = " / ".join(map(str, self.sizes)), " x ".join(map(str, self.shape))
        return sizes, shape, str(len(self.classes))

    def copies(self):
        return self.origin.copies(self.name)

    def is_here(self):
        return self.origin.is_here(self.name)

    def can_be_had(self):
        return True

    def status(self):
        return self.origin.status(self.name)


@dataclass(frozen=True)
class Copy:
    """Bytes that are on this machine: `read` verifies them, `DataError` if they are damaged."""

    where: str
    read: Callable[[], Any]


class Origin(ABC):
    """Gives the contents of the files of the data set `name`."""

    @abstractmethod
    def read(self, name: str) -> Mapping[str, bytes]:
        """Verified contents by file name, fetched if need be; `DataError` if impossible."""

    @abstractmethod
    def copies(self, name: str) -> list[Copy]:
        """Every copy on this machine, found without reading or downloading anything."""

    @abstractmethod
    def is_here(self, name: str) -> bool:
        """Whether `read` needs no download."""

    @abstractmethod
    def status(self, name: str) -> str:
        """Where `read` would take the data from, in a few words."""


FOLDER = Path(__file__).parent / "bundled"


@dataclass(frozen=True)
class Bundled(Origin):
    """`bundled/<name>/<file>.xz` of this package."""

    files: tuple[KnownFile, ...]

    def read(self, name: str) -> Mapping[str, bytes]:
        def one(file: KnownFile) -> bytes:
            return read_file(FOLDER / name / f"{file.name}.xz", file)

        # lzma and hashlib release the interpreter lock.
        with ThreadPoolExecutor() as pool:
            contents = pool.map(one, self.files)
            return {file.name: raw for file, raw in zip(self.files, contents, strict=True)}

    def copies(self, name: str) -> list[Copy]:
        return [Copy(str(FOLDER / name), lambda: self.read(name))]

    def is_here(self, name: str) -> bool:
        return True

    def status(self, name: str) -> str:
        return "bundled"


@dataclass(frozen=True)
class ScikitLearn(Origin):
    """Arrays from `sklearn.datasets`, as bytes: `x` and `y` (uint8).

    They are verified like any file: scikit-learn has corrected its iris once (0.20), and the
    same seed must mean the same bits.

    **Arguments:** `fetch`: gives (x, y), importing scikit-learn only then; `x`, `y`: what their
    bytes must be.
    """

    fetch: Callable[[], tuple[np.ndarray, np.ndarray]]
    x: KnownFile
    y: KnownFile

    def read(self, name: str) -> Mapping[str, bytes]:
        where = f"{name} of scikit-learn"
        x, y = self.fetch()
        return {
            "x": self.x.check(x.tobytes(), where),
            "y": self.y.check(y.astype(np.uint8).tobytes(), where),
        }

    def copies(self, name: str) -> list[Copy]:
        return [Copy("scikit-learn", lambda: self.read(name))]

    def is_here(self, name: str) -> bool:
        return True

    def status(self, name: str) -> str:
        return "bundled (scikit-learn)"
