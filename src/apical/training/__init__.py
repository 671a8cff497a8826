"""The training loop, what it records, and `fit`."""

from apical.training.fit import Result, fit

__all__ = ["Result", "fit"]
