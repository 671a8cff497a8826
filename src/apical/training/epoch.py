"""A pass over the data: one compiled program a chunk, a `lax.scan` over its minibatches."""

from collections.abc import Callable, Iterable
from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from apical.training.learner import Carry, Learner, Pass
from apical.training.stream import Chunk


@partial(jax.jit, static_argnames=("learner", "turns"), donate_argnames="carry")
def run_chunk(
    carry: Carry, chunk: Chunk, keys: PRNGKeyArray, *, learner: Learner, turns: Pass
) -> tuple[Carry, dict[str, Float[Array, " steps"]]]:
    """Every minibatch of a chunk in its turns, and the metrics of each one's last.

    `keys` has shape (steps, turns).
    """

    def step(carry: Carry, inputs):
        rows, draw, keys = inputs
        examples = chunk.minibatch(rows, draw)
        for turn, key in zip(turns, keys, strict=True):
            carry, metrics = learner.step(turn, carry, examples, key)
        return carry, metrics

    return jax.lax.scan(step, carry, (chunk.order, chunk.keys, keys))


def run_pass(
    learner: Learner,
    turns: Pass,
    chunks: Callable[[], Iterable[Chunk]],
    keys: PRNGKeyArray,
    carry: Carry,
) -> tuple[Carry, dict[str, np.ndarray]]:
    """All chunks of a pass, and its metrics step by step; `keys` are those of all its steps."""
    found, done = [], 0
    for chunk in chunks():
        steps = len(chunk.order)
        these = keys[done : done + steps]
        carry, metrics = run_chunk(carry, chunk, these, learner=learner, turns=turns)
        found.append(metrics)
        done += steps
    return carry, jax.tree.map(lambda *parts: np.concatenate(parts), *found)


def step_keys(key: PRNGKeyArray, steps: int, turns: Pass) -> PRNGKeyArray:
    """A key for each turn of each minibatch of a pass."""
    return jax.random.split(key, (steps, len(turns)))
