"""Learning deep networks without, or with less of, backpropagation.

The names below are imported when they are first used, so that `apical --help`
does not wait for JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apical.data import Dataset, from_arrays, load
    from apical.errors import ApicalError, DataError, DivergenceError, UsageError, WriteError
    from apical.feedback import BRSF, FRSF, USF, FixedRandom, SignSymmetric, Transpose
    from apical.network import Network, Record
    from apical.ranges import Choice, Linear, Log, Whole
    from apical.rules import *
    from apical.settings import Settings
    from apical.training import Result, fit
    from apical.traits import Traits, Transport
    from apical.tuning import Found, search

_HOME = {
    "apical.data": ("Dataset", "from_arrays", "load"),
    "apical.errors": ("ApicalError", "DataError", "DivergenceError", "UsageError", "WriteError"),
    "apical.feedback": ("BRSF", "FRSF", "USF", "FixedRandom", "SignSymmetric", "Transpose"),
    "apical.network": ("Network", "Record"),
    "apical.ranges": ("Choice", "Linear", "Log", "Whole"),
    "apical.settings": ("Settings",),
    "apical.traits": ("Traits", "Transport"),
    "apical.training": ("Result", "fit"),
    "apical.tuning": ("Found", "search"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE)


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        # Any rule that apical.rules imports is apical.X too, without an edit here.
        home = import_module(_MODULE.get(name, "apical.rules"))
        if name in vars(home):
            return vars(home)[name]
    raise AttributeError(f"module 'apical' has no attribute {name!r}")
