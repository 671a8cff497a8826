"""A data set by its name, for a process that is told what to load."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apical.data.dataset import Dataset
from apical.data.image_files.source import FOLDER
from apical.data.labels import SUFFIX
from apical.data.sources import load
from apical.data.tables import user_file


def absolute(name: str) -> str:
    """The name of a data set, the same in every working directory."""
    whole = name.removesuffix(SUFFIX)
    if (file := user_file(whole)) is not None:
        return file.name + name.removeprefix(whole)
    path = name.removeprefix(FOLDER)
    return f"{FOLDER}{Path(path).expanduser().absolute()}" if path not in ("", name) else name


@dataclass(frozen=True)
class Named:
    """A data set by its name, and what of it; small, whatever it names.

    **Arguments:**

    - `name`: as for `apical.load`.
    - `classes`: keep only these labels, renumbered in this order; none: all.
    - `skip_damaged`: of image files, leave out those that cannot be decoded.

    !!! example

        >>> Named("digits", (0, 1)).load().n_classes
        2
    """

    name: str
    classes: tuple[int, ...] = ()
    skip_damaged: bool = False

    def load(self) -> Dataset:
        """The data set. Raises as `apical.load`."""
        dataset = load(self.name, skip_damaged=self.skip_damaged)
        return dataset.select(self.classes) if self.classes else dataset


@cache
def loaded(named: Named) -> Dataset:
    """The same, kept for the next job of this process."""
    return named.load()
