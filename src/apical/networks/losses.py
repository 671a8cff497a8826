"""Losses, read off the output layer's preactivation `a` so that they stay exact when saturated.

Each returns one number an example; averaging over the batch happens in one
place, `Layer.gradient`. `y` has the output's shape (see `targets`).
"""

from abc import abstractmethod
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.networks.activations import Activation, identity, sigmoid, softmax
from apical.values.value import Value


class Loss(Value):
    """L(a, y) for each example, where sigma(a) is the network's output."""

    convex_in_activity: ClassVar[bool] = False
    """Whether it is convex in sigma(a), and need not be in a: Gauss-Newton's curvature is that of
    what it is convex in."""

    @property
    @abstractmethod
    def link(self) -> Activation:
        """The output activation that goes with the loss when none is asked for."""

    @abstractmethod
    def __call__(
        self, a: Float[Array, "batch units"], y: Float[Array, "batch units"], activation: Activation
    ) -> Float[Array, " batch"]: ...

    @abstractmethod
    def accepts(self, activation: Activation) -> bool:
        """Whether the loss is defined for outputs of this activation."""

    @abstractmethod
    def units(self, n_classes: int) -> int:
        """How many output units tell `n_classes` apart."""

    @property
    @abstractmethod
    def takes(self) -> str:
        """The targets for which it is least where the output equals them, in words."""

    @abstractmethod
    def suits(self, y: np.ndarray) -> bool:
        """Whether the rows of y are such targets."""


class CrossEntropy(Loss):
    """L = -sum_c y_c log softmax(a)_c, in nats."""

    @property
    def link(self):
        return softmax

    def __call__(self, a, y, activation):
        return -jnp.sum(y * jax.nn.log_softmax(a, axis=-1), axis=-1)

    def accepts(self, activation):
        return activation == softmax

    def units(self, n_classes):
        return n_classes

    @property
    def takes(self):
        return "shares of one (0 or more, with the sum 1)"

    def suits(self, y):
        return bool((y >= 0).all() and np.allclose(y.sum(axis=-1), 1))


class SquaredError(Loss):
    """L = 1/2 sum_i (sigma(a)_i - y_i)^2, summed over the units."""

    convex_in_activity = True

    @property
    def link(self):
        return identity

    def __call__(self, a, y, activation):
        return 0.5 * jnp.sum((activation(a) - y) ** 2, axis=-1)

    def accepts(self, activation):
        return True

    def units(self, n_classes):
        return n_classes

    @property
    def takes(self):
        return "any numbers"

    def suits(self, y):
        return True


class BinaryCrossEntropy(Loss):
    """L = -sum_i [y_i log p_i + (1 - y_i) log(1 - p_i)] with p = sigmoid(a), in nats.

    Two classes need one unit; more classes get a unit each (one against the rest).
    """

    @property
    def link(self):
        return sigmoid

    def __call__(self, a, y, activation):
        return jnp.sum(jax.nn.softplus(a) - y * a, axis=-1)

    def accepts(self, activation):
        return activation == sigmoid

    def units(self, n_classes):
        return 1 if n_classes == 2 else n_classes

    @property
    def takes(self):
        return "numbers from 0 to 1"

    def suits(self, y):
        return bool(((y >= 0) & (y <= 1)).all())
