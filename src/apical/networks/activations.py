"""Activation functions, as values: each is a function, and says between which numbers it lies."""

import math
from abc import abstractmethod
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.values.value import Value


class Activation(Value):
    """sigma, of arrays of any shape.

    !!! example

        >>> import jax.numpy as jnp
        >>> relu(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
        >>> relu.lowest, relu.highest
        (0.0, inf)
    """

    couples: ClassVar[bool] = False
    """Whether an activity depends on the preactivations of a layer's other units too."""

    @property
    @abstractmethod
    def lowest(self) -> float:
        """No activity is below it; -inf: there is no bound."""

    @property
    @abstractmethod
    def highest(self) -> float:
        """No activity is above it."""

    @abstractmethod
    def __call__(self, a: Float[Array, "..."]) -> Float[Array, "..."]:
        """sigma(a)."""


class Tanh(Activation):
    """tanh a."""

    lowest, highest = -1.0, 1.0

    def __call__(self, a):
        return jnp.tanh(a)


class Sigmoid(Activation):
    """1 / (1 + exp(-a))."""

    lowest, highest = 0.0, 1.0

    def __call__(self, a):
        return jax.nn.sigmoid(a)


class Relu(Activation):
    """max(a, 0)."""

    lowest, highest = 0.0, math.inf

    def __call__(self, a):
        return jax.nn.relu(a)


class Softplus(Activation):
    """log(1 + exp(a))."""

    lowest, highest = 0.0, math.inf

    def __call__(self, a):
        return jax.nn.softplus(a)


class Identity(Activation):
    """a."""

    lowest, highest = -math.inf, math.inf

    def __call__(self, a):
        return a


class Softmax(Activation):
    """exp(a_i) / sum_j exp(a_j), over the last axis: the units of a layer together."""

    lowest, highest = 0.0, 1.0
    couples = True

    def __call__(self, a):
        return jax.nn.softmax(a, axis=-1)


tanh, sigmoid, relu, softplus = Tanh(), Sigmoid(), Relu(), Softplus()
identity, softmax = Identity(), Softmax()
