"""Estimators of a gradient that inference climbs: d log p(below | h) / dh, for one pair of maps.

p(below | h) is a Gaussian of variance 1 around g(h), so that it is g'(h)^T (below - g(h)).
"""

from abc import abstractmethod

import jax
from jaxtyping import Array, Float

from apical.networks.layers import Layer
from apical.values.value import Value

Batched = Float[Array, "batch _"]


class Estimator(Value):
    """What stands for the gradient. An example is read once, and its reading is used at every step.

    !!! example

        >>> import jax.numpy as jnp
        >>> from apical.networks.activations import identity
        >>> from apical.networks.layers import Dense
        >>> f, g = (Dense(w * jnp.eye(2), None, (2,), identity) for w in (0.5, 1.0))
        >>> h, below = jnp.zeros((1, 2)), jnp.ones((1, 2))
        >>> for kind in (DifferenceTargets(), TrueGradient()):
        ...     print(kind.rise(f, g, h, g(h), kind.read(f, below)).tolist())
        [[0.5, 0.5]]
        [[1.0, 1.0]]
    """

    @abstractmethod
    def read(self, f: Layer, below: Batched) -> Batched:
        """What is read of the layer below."""

    @abstractmethod
    def code(self, f: Layer, read: Batched) -> Batched:
        """f(below), from what was read of it."""

    @abstractmethod
    def rise(self, f: Layer, g: Layer, h: Batched, decoded: Batched, read: Batched) -> Batched:
        """The estimate.

        **Arguments:**

        - `f`, `g`: the encoder to h and the decoder from it.
        - `decoded`: g(h).
        - `read`: what was read of the layer below.
        """


class DifferenceTargets(Estimator):
    """f(below) - f(g(h)): no derivative is taken."""

    def read(self, f, below):
        return f(below)

    def code(self, f, read):
        return read

    def rise(self, f, g, h, decoded, read):
        return read - f(decoded)


class TrueGradient(Estimator):
    """g'(h)^T (below - g(h)), by differentiating the decoder."""

    def read(self, f, below):
        return below

    def code(self, f, read):
        return f(read)

    def rise(self, f, g, h, decoded, read):
        (gradient,) = jax.vjp(g, h)[1](read - decoded)
        return gradient
