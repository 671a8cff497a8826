"""Data sets that a module of the user's makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from apical.data.dataset import Dataset
from apical.data.source import Source
from apical.errors import DataError
from apical.values import extensions


@dataclass(frozen=True)
class OfAModule(Source):
    """A data set, or a function that makes one, called with nothing.

    **Arguments:** `name`: MODULE.NAME.
    """

    name: str
    made: Dataset | Callable[[], Dataset]
    about = "yours"

    def load(self, seed, damaged):
        damaged.refuse(self.name)
        found = self.made if isinstance(self.made, Dataset) else self.made()
        if not isinstance(found, Dataset):
            raise DataError(
                f"{self.name}: gave {type(found).__name__}, expected an apical.Dataset; make one "
                "by apical.from_arrays(x, y)"
            )
        return replace(found, name=self.name)

    def told(self):
        return "as made", "as made", "as made"

    def copies(self):
        return []

    def can_be_had(self):
        return True

    def is_here(self):
        return True

    def status(self):
        return "made by a module of yours"


def of_a_module(name: str) -> OfAModule | None:
    """The data set of a module that was loaded; None if the name is no such."""
    if "." not in name:
        return None
    extensions.load()
    made = extensions.attribute(name)
    return OfAModule(name, made) if isinstance(made, Dataset) or callable(made) else None
