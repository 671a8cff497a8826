"""The integrator: a pure step function, repeated in one compiled loop."""

from collections.abc import Callable
from typing import TypeVar

import jax
from jaxtyping import PyTree

S = TypeVar("S")


def integrate(step: Callable[[S], S], state: S, steps: int) -> S:
    """The state after `steps` calls of `step`."""
    return jax.lax.fori_loop(0, steps, lambda _, s: step(s), state)


def trajectory(
    step: Callable[[S], S], state: S, steps: int, observe: Callable[[S], PyTree]
) -> tuple[S, PyTree]:
    """The state after `steps` calls of `step`, and what was observed on the way.

    `observe(state)` is called before each step; its arrays are stacked along a leading time axis.
    """
    return jax.lax.scan(lambda s, _: (step(s), observe(s)), state, length=steps)
