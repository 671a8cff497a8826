"""Random search of hyper-parameters, selected on validation, in a study that survives kills."""

from apical.tuning.search import Found, search

__all__ = ["Found", "search"]
