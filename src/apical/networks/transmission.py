"""Transmissions: units send a sign or a sample to the layer above in place of their activity.

A transmission belongs to the connection between two layers, in both directions: an inverse that
leads back across it reads `returned` of the units above.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.errors import UsageError
from apical.networks.activations import Activation
from apical.values.spelling import spell
from apical.values.value import Value

Activity = Float[Array, "batch ..."]


class Transmission(Value):
    """s(h), read by the layer above in place of the activity h. Its derivative is taken as 1."""

    random: eqx.AbstractClassVar[bool]
    """Whether s is drawn anew at every forward pass."""

    @abstractmethod
    def sent(self, h: Activity, key: PRNGKeyArray | None) -> Activity:
        """s(h). Without a key, what is random sends its mean."""

    @abstractmethod
    def returned(self, activation: Activation) -> "Transmission":
        """What units above, of this activation, send back over the same connection."""

    @abstractmethod
    def check(self, activation: Activation) -> None:
        """Raises `UsageError` if units of this activation cannot send it."""


class Graded(Transmission):
    """s(h) = h."""

    random = False

    def sent(self, h, key):
        return h

    def returned(self, activation):
        return self

    def check(self, activation):
        pass


class Sign(Transmission):
    """s(h) = 1 for h > 0, else -1, both ways (the discrete networks of Lee et al. 2015)."""

    random = False

    def sent(self, h, key):
        return jnp.where(h > 0, 1.0, -1.0).astype(h.dtype)

    def returned(self, activation):
        return self if activation.lowest < 0 else Graded()

    def check(self, activation):
        if activation.lowest >= 0:
            raise UsageError(
                f"sign: units of activation {spell(activation)} are never negative; use activation "
                "tanh or identity"
            )


class Bernoulli(Transmission):
    """s(h) = 1 with probability h, else 0; h itself is sent back (the stochastic networks of
    Lee et al. 2015)."""

    random = True

    def sent(self, h, key):
        if key is None:
            return h
        return (jax.random.uniform(key, h.shape, h.dtype) < h).astype(h.dtype)

    def returned(self, activation):
        return Graded()

    def check(self, activation):
        if activation.lowest < 0 or activation.highest > 1:
            raise UsageError(
                f"bernoulli: an activity must be a probability, and {spell(activation)} goes "
                "beyond; use activation sigmoid"
            )
