"""Checkpoints: all that goes from epoch to epoch, one file each, whole or not at all.

`<epoch>.npz` holds the arrays of the carry, and of the best epoch's network so far, by their names
in the tree, as in `carry.net.layers[0].W`. It is NumPy's own format, a zip file with a checksum of
every array and without pickle, which `np.load` opens anywhere. Both are in one file, so that
whatever a killed process leaves behind, the two belong together.
"""

import io
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from apical.errors import ApicalError, DataError
from apical.runs import orbax_folder
from apical.runs.best import Snapshot
from apical.runs.writing import replacing, told

CARRY, BEST, AT, METRICS = "carry", "best", "at", "metrics"
WITHIN = "within.npz"
"""A checkpoint within the epoch after the latest."""
KEPT = 2
"""How many checkpoints stay: the last, and the one before it in case the last is damaged."""


class Checkpoints:
    """The checkpoints of one seed in a folder, numbered by their epochs."""

    def __init__(self, folder: Path):
        self.folder = folder

    def latest(self) -> int:
        """The last epoch that was saved; 0 if none was."""
        return max(self._saved(), default=0)

    def save(self, epoch: int, carry: PyTree, best: Snapshot | None) -> None:
        """Save the carry after an epoch and what is known as the best until then.

        Raises `WriteError` if that is impossible; earlier checkpoints are kept.
        """
        trees = {CARRY: carry} if best is None else {CARRY: carry, BEST: best}
        self._write(f"{epoch}.npz", trees)
        saved = self._saved()
        with told(self.folder):
            for number in sorted(saved)[:-KEPT]:
                _remove(saved[number])
            (self.folder / WITHIN).unlink(missing_ok=True)

    def save_within(self, at: tuple[int, ...], carry: PyTree, metrics: dict[str, Any]) -> None:
        """Save a carry within an epoch, `at` whole numbers that tell where, the epoch first, and
        the metrics of its steps. Raises `WriteError` if that is impossible."""
        trees = {CARRY: carry, AT: np.array(at, np.int64), METRICS: metrics}
        self._write(WITHIN, trees)

    def within(self, like: PyTree) -> tuple[list[int], PyTree, dict[str, np.ndarray]] | None:
        """What `save_within` saved, if the epoch after the latest saved is the one.

        Raises `DataError` if it is damaged or holds other arrays.
        """
        path = self.folder / WITHIN
        if not path.exists():
            return None
        try:
            arrays = read_arrays(path)
            at = [int(number) for number in arrays.pop(f"{AT}.npy")]
            named = list(_named(CARRY, like))
            carry = [_fitting(each, arrays.pop(each[0])) for each in named]
            metrics = {_metric(name): array for name, array in arrays.items()}
        except Exception as error:  # whatever the damaged part of the file happens to break
            found = f"cannot read it ({type(error).__name__}: {error})"
            raise self._damaged(path, found) from error
        if at[0] != self.latest() + 1:
            return None
        return at, jax.tree.unflatten(jax.tree.structure(like), carry), metrics

    def _write(self, name: str, trees: dict[str, PyTree]) -> None:
        with told(self.folder):
            # Not the run's folder: if that was removed, its run is not to go on in another.
            self.folder.parent.mkdir(exist_ok=True)
            self.folder.mkdir(exist_ok=True)
        named = (entry for item, tree in trees.items() for entry in _named(item, tree))
        write_arrays(self.folder / name, named)

    def restore(self, epoch: int, like: PyTree) -> PyTree:
        """The carry after an epoch, in the structure of `like`.

        Raises `DataError` if the checkpoint is damaged or holds other arrays.
        """
        carry = self._read(epoch, CARRY, like)
        if carry is None:
            raise self._unreadable(epoch, "found none in it")
        return carry

    def best(self, epoch: int, like: PyTree) -> Snapshot | None:
        """What was known as the best after an epoch, in the structure of `like`, or None.

        Raises `DataError` if the checkpoint is damaged or holds other arrays.
        """
        found = self._read(epoch, BEST, Snapshot(0, like))
        return None if found is None else Snapshot(int(found[0]), found[1])

    def _read(self, epoch: int, item: str, like: PyTree) -> PyTree | None:
        """An item of a checkpoint; None if it has none of that name."""
        path = self._path(epoch)
        named = list(_named(item, like))
        try:
            if path.is_dir():
                arrays = orbax_folder.read(path, item, len(named))
            else:
                arrays = _read(path, item, [name for name, _ in named])
            if arrays is None:
                return None
            fitting = [_fitting(*each) for each in zip(named, arrays, strict=True)]
        except ApicalError:
            raise
        except Exception as error:  # whatever the damaged part of the file happens to break
            found = f"cannot read its {item} ({type(error).__name__}: {error})"
            raise self._unreadable(epoch, found) from error
        return jax.tree.unflatten(jax.tree.structure(like), fitting)

    def _unreadable(self, epoch: int, found: str) -> DataError:
        return self._damaged(self._path(epoch), found)

    def _damaged(self, path: Path, found: str) -> DataError:
        return DataError(
            f"{path}: expected a checkpoint of this run, {found}; restore it from a copy, delete "
            "it to go on from an earlier epoch, or run again"
        )

    def _path(self, epoch: int) -> Path:
        return self._saved().get(epoch, self.folder / f"{epoch}.npz")

    def _saved(self) -> dict[int, Path]:
        """The checkpoints by their epochs; a folder is one that an earlier apical left."""
        if not self.folder.exists():
            return {}
        folders = [path for path in self.folder.iterdir() if path.name.isdigit()]
        return {int(path.stem): path for path in (*folders, *self.folder.glob("[0-9]*.npz"))}


def write_arrays(path: Path, named: Iterable[tuple[str, Any]]) -> None:
    """Write arrays by the names of their entries. Raises `WriteError` if that is impossible."""
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for entry, leaf in named:
            # An entry without a date: the same arrays are the same file.
            with archive.open(zipfile.ZipInfo(entry), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(leaf), allow_pickle=False)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file by the names of their entries; raises what its damage causes."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    return {
        name: np.lib.format.read_array(io.BytesIO(raw), allow_pickle=False)
        for name, raw in entries.items()
    }


def _named(item: str, tree: PyTree) -> Iterator[tuple[str, Any]]:
    """The leaves of a tree with the names of their entries in the file."""
    for path, leaf in jax.tree.leaves_with_path(tree):
        yield f"{item}{jax.tree_util.keystr(path)}.npy", leaf


def _metric(entry: str) -> str:
    """The metric of an entry such as `metrics['train_loss'].npy`."""
    return entry.removeprefix(f"{METRICS}['").removesuffix("'].npy")


def _read(path: Path, item: str, names: list[str]) -> list[np.ndarray] | None:
    with zipfile.ZipFile(path) as archive:
        there = set(archive.namelist())
        if not any(name.startswith((f"{item}.", f"{item}[")) for name in there):
            return None
        if lacking := [name for name in names if name not in there]:
            raise ValueError(f"it has no {lacking[0]}")
        # Whole before it is looked at, since its checksum is compared at its end.
        entries = (io.BytesIO(archive.read(name)) for name in names)
        return [np.lib.format.read_array(entry, allow_pickle=False) for entry in entries]


def _fitting(named: tuple[str, Any], array: np.ndarray) -> jax.Array:
    name, wanted = named[0], np.asarray(named[1])
    if array.dtype.kind == "V":  # as NumPy's format calls bfloat16 and its like
        array = array.view(wanted.dtype)
    if (array.shape, array.dtype) != (wanted.shape, wanted.dtype):
        raise ValueError(
            f"expected {name} to be {wanted.dtype} of shape {wanted.shape}, found {array.dtype} "
            f"of shape {array.shape}"
        )
    sharding = getattr(named[1], "sharding", None)
    apart = sharding is not None and len(sharding.device_set) > 1  # one of them may lack the room
    return jax.device_put(array, sharding if apart else None)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
