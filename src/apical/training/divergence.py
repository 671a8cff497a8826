"""Divergence: whether training met values that are not finite, and where it went wrong."""

from collections.abc import Callable, Iterable

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from apical.training.lanes import Lanes
from apical.training.learner import Carry, Learner, Pass
from apical.training.stream import Chunk

DIVERGED = 1e6
"""A mean training loss above this is divergence even where it is still finite."""


def diverged(losses: np.ndarray, learner: Learner, carry: Carry, lanes: Lanes) -> list[int]:
    """The lanes whose losses in a pass, or what they have learned, are beyond use.

    `losses` has shape (steps, *lanes).
    """
    learned = np.array([*map(np.asarray, lanes.over(learner.sizes)(carry).values())])
    good = np.isfinite(learned).all(axis=0) & (np.abs(losses) < DIVERGED).all(axis=0)
    return np.flatnonzero(~good).tolist()


def locate(
    learner: Learner,
    turns: Pass,
    chunks: Callable[[], Iterable[Chunk]],
    keys: PRNGKeyArray,
    carry: Carry,
    done: int = 0,
) -> str:
    """Walk a pass (see `run_pass`) again, from its start or where `done` of its steps were taken,
    and name the first step and values that went wrong."""
    step = jax.jit(lambda turn, *inputs: learner.step(turn, *inputs)[0], static_argnums=0)
    inspect = jax.jit(learner.sizes_within)
    minibatches = (
        chunk.minibatch(*drawn)
        for chunk in chunks()
        for drawn in zip(chunk.order, chunk.keys, strict=True)
    )
    for i, (examples, each) in enumerate(
        zip(minibatches, keys[done:], strict=True), start=done + 1
    ):
        for turn, key in zip(turns, each, strict=True):
            for name, size in inspect(carry, examples, key).items():
                if not size < DIVERGED:
                    return f"step {i}: {name} reached {float(size):.3g}"
            carry = step(turn, carry, examples, key)
    return f"step {len(keys)}: {_worst(learner.sizes(carry))}"


def _worst(sizes: dict[str, jax.Array]) -> str:
    worst = max(sizes, key=lambda name: np.nan_to_num(float(sizes[name]), nan=np.inf))
    return f"{worst} reached {float(sizes[worst]):.3g}"
