"""Random search of hyper-parameters, selected on validation, in a folder that survives kills."""

from apical.tuning.folder import configuration, trial_from_row, trial_row
from apical.tuning.search import Found, search
from apical.tuning.space import place
from apical.tuning.trial import Trial, best

__all__ = [
    "Found",
    "Trial",
    "best",
    "configuration",
    "place",
    "search",
    "trial_from_row",
    "trial_row",
]
