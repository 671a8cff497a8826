"""A pass over the data: one compiled program a chunk, a `lax.scan` over its minibatches."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from apical.training.lanes import Lanes
from apical.training.learner import Carry, Learner, Pass
from apical.training.stream import Chunk, side_by_side


@partial(jax.jit, static_argnames=("lanes", "learner", "turns"), donate_argnames="carry")
def run_chunk(
    carry: Carry, chunk: Chunk, keys: PRNGKeyArray, *, lanes: Lanes, learner: Learner, turns: Pass
) -> tuple[Carry, dict[str, Float[Array, "steps ..."]]]:
    """Every minibatch of a chunk in its turns, and the metrics of each one's last.

    `keys` has shape (steps, *lanes, turns), metrics (steps, *lanes).
    """

    def step(carry: Carry, inputs):
        rows, draw, keys = inputs
        examples = chunk.minibatch(rows, draw)
        for turn, key in zip(turns, keys, strict=True):
            carry, metrics = learner.step(turn, carry, examples, key)
        return carry, metrics

    return jax.lax.scan(lanes.over(step), carry, (chunk.order, chunk.keys, keys))


def run_pass(
    learner: Learner,
    turns: Pass,
    chunks: Sequence[Callable[[], Iterable[Chunk]]],
    keys: Sequence[PRNGKeyArray],
    carry: Carry,
) -> tuple[Carry, dict[str, np.ndarray]]:
    """All chunks of a pass, and its metrics step by step.

    `chunks` and `keys`, those of all steps, are a lane's each.
    """
    lanes = Lanes(len(chunks))
    every = lanes.join(keys, axis=1)
    found: list[dict[str, Array]] = []
    done = 0
    for beside in zip(*(each() for each in chunks), strict=True):
        chunk = side_by_side(lanes, beside)
        if found:
            jax.block_until_ready(found[-1])  # or all chunks would come to the device at once
        steps = len(chunk.order)
        these = every[done : done + steps]
        carry, metrics = run_chunk(carry, chunk, these, lanes=lanes, learner=learner, turns=turns)
        found.append(metrics)
        done += steps
    return carry, jax.tree.map(lambda *parts: np.concatenate(parts), *found)


def step_keys(key: PRNGKeyArray, steps: int, turns: Pass) -> PRNGKeyArray:
    """A key for each turn of each minibatch of a pass."""
    return jax.random.split(key, (steps, len(turns)))
