"""How strongly a pair of firing rates changes the weight between them.

A rate is the inverse of a spike time: x = 1/T_pre, p = 1/T_post, and dT = T_post - T_pre.
"""

from abc import abstractmethod

from jaxtyping import Array

from apical.errors import UsageError
from apical.values.value import Value

SMALLEST_EPS = 1e-30


class Curve(Value):
    """dW before its sign, from pre- and postsynaptic rates; element by element."""

    @abstractmethod
    def __call__(self, x: Array, p: Array) -> Array:
        """dW at presynaptic rates x and postsynaptic rates p, both in [0, 1]."""


class Corrected(Curve):
    """dW = x^3 p (x - p) / ((2p - x)^2 + eps) = dT / (T_pre^2 (T_pre - dT)^2) at eps = 0.

    Its peak at p = x/2, that is at dT = T_pre, has the height x^5 / (4 eps).
    Source: Gupta 2020, equations (3), (6) and (7).
    """

    eps: float = 1e-9

    def __check_init__(self):
        if not SMALLEST_EPS <= self.eps < float("inf"):
            raise UsageError(
                f"eps: must be at least {SMALLEST_EPS:g}, or the peak at p = x/2 overflows; "
                f"got {self.eps:g}, try 1e-9"
            )

    def __call__(self, x, p):
        return x**3 * p * (x - p) / ((2 * p - x) ** 2 + self.eps)


class Hebbian(Curve):
    """dW = x p (x - p) = dT / (T_pre^2 (T_pre + dT)^2), with no pole.

    Source: Gupta 2020, equations (4) and (5), which are one.
    """

    def __call__(self, x, p):
        return x * p * (x - p)
