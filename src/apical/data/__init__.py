"""Data sets as plain arrays: `load` a known one, or bring your own with `from_arrays`.

Importing this package is light: the names below are imported when they are first used, since
JAX, scikit-learn and Pillow take a second or more.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apical.data.arrays import from_arrays
    from apical.data.dataset import Dataset
    from apical.data.labels import with_labels
    from apical.data.preprocessing import Centre, Preprocessing, Scale, Standardise, UnitRange
    from apical.data.sources import load, names
    from apical.data.splits import Split

_HOME = {
    "apical.data.arrays": ("from_arrays",),
    "apical.data.dataset": ("Dataset",),
    "apical.data.labels": ("with_labels",),
    "apical.data.preprocessing": ("Centre", "Preprocessing", "Scale", "Standardise", "UnitRange"),
    "apical.data.sources": ("load", "names"),
    "apical.data.splits": ("Split",),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Centre",
    "Dataset",
    "Preprocessing",
    "Scale",
    "Split",
    "Standardise",
    "UnitRange",
    "from_arrays",
    "load",
    "names",
    "with_labels",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE:
        return getattr(import_module(_MODULE[name]), name)
    raise AttributeError(f"module 'apical.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
