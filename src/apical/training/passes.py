"""Means over forward passes of a network whose units send samples."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from apical.networks.network import Network

Measured = TypeVar("Measured", bound=PyTree)

EVALUATION = 0
"""Seed of the draws: every evaluation of a network is the same."""


def mean_over_passes(net: Network, passes: int, measure: Callable[[Network], Measured]) -> Measured:
    """The mean of `measure` over `passes` draws of `net`; one call, if nothing is random."""
    if not net.random:
        return measure(net)

    def add(total: Measured, key) -> tuple[Measured, None]:
        return jax.tree.map(jnp.add, total, measure(net.drawn(key))), None

    keys = jax.random.split(jax.random.key(EVALUATION), passes)
    nothing = jax.tree.map(jnp.zeros_like, jax.eval_shape(lambda: measure(net)))
    total, _ = jax.lax.scan(add, nothing, keys)
    return jax.tree.map(lambda leaf: leaf / passes, total)
