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
    from apical.feedback.feedback import Transport
    from apical.networks.network import Network, Record
    from apical.rules import *
    from apical.rules.rule import Traits
    from apical.settings import Settings
    from apical.training import Result, fit
    from apical.tuning import Found, search
    from apical.values.ranges import Choice, Linear, Log, Whole

_HOME = {
    "apical.data.arrays": ("from_arrays",),
    "apical.data.dataset": ("Dataset",),
    "apical.data.sources": ("load",),
    "apical.errors": ("ApicalError", "DataError", "DivergenceError", "UsageError", "WriteError"),
    "apical.feedback": ("BRSF", "FRSF", "USF", "FixedRandom", "SignSymmetric", "Transpose"),
    "apical.feedback.feedback": ("Transport",),
    "apical.networks.network": ("Network", "Record"),
    "apical.values.ranges": ("Choice", "Linear", "Log", "Whole"),
    "apical.settings": ("Settings",),
    "apical.rules.rule": ("Traits",),
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
