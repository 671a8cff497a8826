"""Stacks small enough to check by hand."""

from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import numpy as np

from apical import IteratedTargetProp
from apical.generative.stack import Stack
from apical.networks.activations import identity
from apical.networks.layers import Dense

INPUTS, HIDDEN, EXAMPLES = 6, (5, 4, 3), 7
SMALL: dict[str, Any] = {"batch_size": 30, "epochs": 3}


def model(**given: Any) -> IteratedTargetProp:
    """Hyper-parameters for three latent layers."""
    return IteratedTargetProp(**{"hidden": HIDDEN, "stages": ("from",), **given})


def stack(seed: int = 0, **given: Any) -> Stack:
    """A stack of three latent layers whose weights and biases are random."""
    shaped = eqx.filter_eval_shape(model(**given).create, INPUTS, jax.random.key(0))
    draw = np.random.default_rng(seed)
    return jax.tree.map(lambda a: jax.device_put(draw.normal(0, 0.5, a.shape)), shaped)


def linear(encoders: list[np.ndarray], decoders: list[np.ndarray]) -> Stack:
    """Linear maps without biases."""

    def layers(weights: list[np.ndarray]) -> tuple[Dense, ...]:
        return tuple(Dense(jax.device_put(w), None, (w.shape[1],), identity) for w in weights)

    return Stack(layers(encoders), layers(decoders))


def orthonormal(depth: int = 3) -> Stack:
    """Decoders with orthonormal columns, and their pseudo-inverses, the transposes, as encoders."""
    units = (INPUTS, *HIDDEN)[: depth + 1]
    columns = [
        np.linalg.qr(np.random.default_rng(l).normal(size=(below, above)))[0]
        for l, (below, above) in enumerate(pairwise(units))
    ]
    return linear([w.T for w in columns], columns)


def examples(seed: int = 5) -> jax.Array:
    """Rows between 0 and 1."""
    return jax.device_put(np.random.default_rng(seed).uniform(size=(EXAMPLES, INPUTS)))


def activities(seed: int = 9, depth: int = 3) -> tuple[jax.Array, ...]:
    """Any h_1, ..., h_L, as no inference has left them."""
    draw = np.random.default_rng(seed)
    return tuple(jax.device_put(draw.uniform(size=(EXAMPLES, n))) for n in HIDDEN[:depth])
