"""Ranges that a search draws hyper-parameters from."""

import math
from abc import abstractmethod
from collections.abc import Mapping

from apical.errors import UsageError
from apical.values.value import Value

DIGITS = 4
"""Significant digits of what is drawn, so that it can be printed in full."""


class Range(Value):
    """A distribution of a number, by its quantiles."""

    @property
    @abstractmethod
    def whole(self) -> bool:
        """Whether it gives integers only."""

    @abstractmethod
    def at(self, u: float) -> float:
        """The value below which the share u of all draws lies, u in [0, 1]."""


class Interval(Range):
    """Real numbers from `low` to `high`, rounded to four significant digits."""

    low: float
    high: float

    def __check_init__(self):
        _ordered(self.low, self.high)

    @property
    def whole(self):
        return False

    @abstractmethod
    def between(self, u: float) -> float:
        """What `at` rounds."""

    def at(self, u):
        rounded = float(f"{self.between(u):.{DIGITS}g}")
        return min(max(rounded, self.low), self.high)


class Linear(Interval):
    """Uniform: low + u (high - low)."""

    def between(self, u):
        return self.low + u * (self.high - self.low)


class Log(Interval):
    """Log-uniform: low (high / low)^u; low must be above zero."""

    def __check_init__(self):
        if not self.low > 0:
            raise UsageError(f"range: low must be positive on a log scale, got {self.low:g}")

    def between(self, u):
        return self.low * (self.high / self.low) ** u


class Whole(Range):
    """The integers from `low` to `high`, both included, all as likely."""

    low: int
    high: int

    def __check_init__(self):
        _ordered(self.low, self.high)

    @property
    def whole(self):
        return True

    def at(self, u):
        return min(self.low + int(u * (self.high - self.low + 1)), self.high)


class Choice(Range):
    """One of the values, all as likely."""

    values: tuple[float, ...]

    def __check_init__(self):
        finite = all(map(math.isfinite, self.values))
        if not self.values or not finite or len(set(self.values)) < len(self.values):
            raise UsageError(f"range: choose among different numbers, got {self.values}")

    @property
    def whole(self):
        return all(float(value).is_integer() for value in self.values)

    def at(self, u):
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]


def _ordered(low: float, high: float) -> None:
    if not -math.inf < low < high < math.inf:
        raise UsageError(f"range: low must be below high, got {low:g} and {high:g}")


Space = Mapping[str, Range]
"""Ranges by what is drawn from them: `lr`, `optimizer_args.eps`, `alpha`, `inverse.sigma`."""

ADAM: Space = {
    "lr": Log(1e-4, 1e-2),
    "optimizer_args.b2": Choice((0.99, 0.999)),
    "optimizer_args.eps": Choice((1e-4, 1e-6, 1e-8)),
}
"""For the network's weights: table 4 of Bartunov et al. 2018, with larger learning rates, since
some of those they found best on MNIST (table 5) are outside of it."""
