"""A trained network as an adversary meets it: a function of points of the unit cube."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.adversarial.threat_model import Box
from apical.data.preprocessing import Affine
from apical.networks.activations import Activation
from apical.networks.layers import Layer, StandIn
from apical.networks.network import Network, Record
from apical.networks.targets import decode


class Victim(eqx.Module):
    """The network behind its preprocessing; inputs are points of `box`'s unit cube."""

    net: Network
    transform: Affine
    box: Box

    def record(self, u: Float[Array, "batch ..."]) -> Record:
        """The forward pass."""
        return self.net.record(self.transform(self.box.raw(u)))

    def labels(self, u: Float[Array, "batch ..."]) -> Array:
        """The class that the network names for each input."""
        return decode(self.record(u).output)


class Soft(Activation):
    """An activation that gives sigma(a) and has the derivative of sigma(a / T)."""

    name = ""
    activation: Activation = eqx.field(static=True)
    temperature: Float[Array, ""]

    @property
    def lowest(self):
        return self.activation.lowest

    @property
    def highest(self):
        return self.activation.highest

    def __call__(self, a):
        sloped = self.activation(a / self.temperature)
        return sloped + jax.lax.stop_gradient(self.activation(a) - sloped)


class Softened(StandIn):
    """A layer with a soft activation in place of its own."""

    weight: Array
    bias: Array | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Soft
    original: Layer

    @classmethod
    def of(cls, layer: Layer, temperature: Array) -> "Softened":
        soft = Soft(layer.activation, temperature)
        return cls(layer.weight, layer.bias, layer.in_shape, soft, layer)

    def preactivation(self, x):
        return self.original.preactivation(x)


def softened(victim: Victim, u: Float[Array, "batch ..."]) -> Victim:
    """A surrogate with the victim's outputs, whose gradient does not vanish where units saturate.

    Its hidden units have the derivative sigma'(a / T) / T in place of sigma'(a). T is the root mean
    square of the layer's preactivations at `u`, and at least 1. Objectives read the output's
    preactivation, so the output layer stays as it is.

    Source of the idea: Athalye, Carlini & Wagner 2018 (backward pass differentiable approximation).
    """
    *hidden, output = victim.net.layers
    soft = (
        Softened.of(layer, jnp.maximum(1.0, jnp.sqrt(jnp.mean(a**2))))
        for layer, a in zip(hidden, victim.record(u).preactivations, strict=False)
    )
    return Victim(Network((*soft, output), victim.net.loss), victim.transform, victim.box)
