"""Initialisers, the laws that weights are drawn from: `draw(key, shape, fan_in, fan_out)`.

The fans are the layer's, so one law serves dense, locally connected and
convolutional weights alike; `rms` is the root mean square of the law, which
sign-symmetric feedback uses as its magnitude.
"""

import math
from abc import abstractmethod

import jax
from jaxtyping import Array, PRNGKeyArray

from apical.errors import positive
from apical.values.value import Value


class Initialiser(Value):
    """A law for the weights of a layer with `fan_in` inputs and `fan_out` outputs a unit."""

    @abstractmethod
    def draw(
        self, key: PRNGKeyArray, shape: tuple[int, ...], fan_in: int, fan_out: int
    ) -> Array: ...

    @abstractmethod
    def rms(self, fan_in: int, fan_out: int) -> float: ...


def _uniform(key: PRNGKeyArray, shape: tuple[int, ...], limit: float) -> Array:
    return jax.random.uniform(key, shape, float, -limit, limit)


class Glorot(Initialiser):
    """U(-a, a) with a = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""

    def draw(self, key, shape, fan_in, fan_out):
        return _uniform(key, shape, math.sqrt(6 / (fan_in + fan_out)))

    def rms(self, fan_in, fan_out):
        return math.sqrt(2 / (fan_in + fan_out))


class Uniform(Initialiser):
    """U(-limit, limit), whatever the fans."""

    limit: float = 0.1

    def __check_init__(self):
        positive(limit=self.limit)

    def draw(self, key, shape, fan_in, fan_out):
        return _uniform(key, shape, self.limit)

    def rms(self, fan_in, fan_out):
        return self.limit / math.sqrt(3)


class FanIn(Initialiser):
    """U(-a, a) with a = gain / sqrt(fan_in); gain sqrt(2) is common for tanh and ReLU scripts."""

    gain: float = math.sqrt(2)

    def __check_init__(self):
        positive(gain=self.gain)

    def draw(self, key, shape, fan_in, fan_out):
        return _uniform(key, shape, self.gain / math.sqrt(fan_in))

    def rms(self, fan_in, fan_out):
        return self.gain / math.sqrt(3 * fan_in)


class LeCun(Initialiser):
    """N(0, 1 / fan_in) (LeCun et al. 1998)."""

    def draw(self, key, shape, fan_in, fan_out):
        return jax.random.normal(key, shape) * self.rms(fan_in, fan_out)

    def rms(self, fan_in, fan_out):
        return 1 / math.sqrt(fan_in)


class TorchDefault(Initialiser):
    """U(-a, a) with a = 1 / sqrt(fan_in), as PyTorch draws the weights of its layers."""

    def draw(self, key, shape, fan_in, fan_out):
        return _uniform(key, shape, 1 / math.sqrt(fan_in))

    def rms(self, fan_in, fan_out):
        return 1 / math.sqrt(3 * fan_in)


class Orthogonal(Initialiser):
    """Orthonormal rows or columns (Saxe et al. 2014).

    A weight's last two axes are (outputs, inputs); each of several matrices is drawn by itself.
    """

    def draw(self, key, shape, fan_in, fan_out):
        *count, outputs, inputs = shape
        return jax.random.orthogonal(key, outputs, tuple(count), m=inputs)

    def rms(self, fan_in, fan_out):
        return 1 / math.sqrt(max(fan_in, fan_out))
