"""A network's twin with the same outputs, whose slopes do not vanish where its units saturate."""

import dataclasses
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.activations import Activation
from apical.adversarial.victim import Victim
from apical.network import Network


def softened(victim: Victim, u: Float[Array, "batch ..."]) -> Victim:
    """The victim with hidden slopes sigma'(a / T) / T in place of sigma'(a); outputs as they are.

    T is the root mean square of the layer's preactivations at `u`, rounded up to a power of two,
    and at least 1. Objectives read the output's preactivation, so the output needs none.

    Source of the idea: Athalye, Carlini & Wagner 2018 (backward pass differentiable approximation).
    """
    *hidden, output = victim.net.layers
    soft = (
        dataclasses.replace(layer, activation=_soft(layer.activation, _temperature(a)))
        for layer, a in zip(hidden, victim.record(u).preactivations, strict=False)
    )
    return Victim(Network((*soft, output), victim.net.loss), victim.transform, victim.box)


def _temperature(a: Array) -> float:
    size = float(jnp.sqrt(jnp.mean(a**2)))
    return float(2 ** max(0, int(np.ceil(np.log2(max(size, 1.0))))))


@cache  # equal functions are one object, so that programs compiled for it are kept
def _soft(activation: Activation, temperature: float) -> Activation:
    def soft(a):
        sloped = activation(a / temperature)
        return sloped + jax.lax.stop_gradient(activation(a) - sloped)

    return soft
