"""Stacks small enough to check by hand."""

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp

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
    """A stack of three latent layers whose biases are not zero."""
    made = model(**given).create(INPUTS, jax.random.key(seed))
    leaves, structure = jax.tree.flatten(made)
    keys = jax.random.split(jax.random.key(seed + 1), len(leaves))
    drawn = [
        a + 0.3 * jax.random.normal(k, a.shape, a.dtype) for a, k in zip(leaves, keys, strict=True)
    ]
    return jax.tree.unflatten(structure, drawn)


def linear(encoders: list[jax.Array], decoders: list[jax.Array]) -> Stack:
    """Linear maps without biases."""

    def layers(weights: list[jax.Array]) -> tuple[Dense, ...]:
        return tuple(Dense(w, None, (w.shape[1],), identity) for w in weights)

    return Stack(layers(encoders), layers(decoders))


def orthonormal(depth: int = 3) -> Stack:
    """Decoders with orthonormal columns, and their pseudo-inverses, the transposes, as encoders."""
    units = (INPUTS, *HIDDEN)[: depth + 1]
    columns = [
        jnp.linalg.qr(jax.random.normal(jax.random.key(l), (below, above)))[0]
        for l, (below, above) in enumerate(pairwise(units))
    ]
    return linear([w.T for w in columns], columns)


def examples(seed: int = 5) -> jax.Array:
    """Rows between 0 and 1."""
    return jax.random.uniform(jax.random.key(seed), (EXAMPLES, INPUTS))


def activities(seed: int = 9, depth: int = 3) -> tuple[jax.Array, ...]:
    """Any h_1, ..., h_L, as no inference has left them."""
    keys = jax.random.split(jax.random.key(seed), depth)
    return tuple(
        jax.random.uniform(k, (EXAMPLES, units)) for k, units in zip(keys, HIDDEN, strict=False)
    )
