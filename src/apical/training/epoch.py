"""A pass over the data: one compiled program a chunk, a `lax.scan` over its minibatches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from apical.training.devices import Devices
from apical.training.lanes import Lanes
from apical.training.learner import Carry, Learner, Pass
from apical.training.stream import Chunk, side_by_side


@partial(jax.jit, static_argnames=("lanes", "learner", "turns", "devices"), donate_argnames="carry")
def run_chunk(
    carry: Carry,
    chunk: Chunk,
    keys: PRNGKeyArray,
    *,
    lanes: Lanes,
    learner: Learner,
    turns: Pass,
    devices: Devices = Devices(),
) -> tuple[Carry, dict[str, Float[Array, "steps ..."]]]:
    """Every minibatch of a chunk in its turns, and the metrics of each one's last.

    `keys` has shape (steps, *lanes, turns), metrics (steps, *lanes).
    """

    def step(carry: Carry, inputs):
        rows, draw, keys = inputs
        examples = devices.share(chunk.minibatch(rows, draw))
        for turn, key in zip(turns, keys, strict=True):
            carry, metrics = learner.step(turn, carry, examples, key)
        return devices.hold(carry), devices.whole(metrics)

    return jax.lax.scan(lanes.over(step), carry, (chunk.order, chunk.keys, keys))


class Progress(NamedTuple):
    """How far a pass has come."""

    steps: int
    carry: Carry
    metrics: Sequence[dict[str, Array] | dict[str, np.ndarray]]
    """Of the steps, one chunk after the other."""

    @property
    def step_by_step(self) -> dict[str, np.ndarray]:
        """The metrics of all steps, shape (steps, *lanes)."""
        return jax.tree.map(lambda *parts: np.concatenate(parts), *self.metrics)


def run_pass(
    learner: Learner,
    turns: Pass,
    chunks: Sequence[Callable[[], Iterable[Chunk]]],
    keys: Sequence[PRNGKeyArray],
    begin: Progress,
    devices: Devices = Devices(),
) -> Iterator[Progress]:
    """The chunks of a pass that are left, and how far it has come after each.

    `chunks` and `keys`, those of all steps, are a lane's each. The carry of one progress is gone
    when the next is asked for.
    """
    lanes = Lanes(len(chunks))
    every = lanes.join(keys, axis=1)
    done, carry, found = begin.steps, begin.carry, [*begin.metrics]
    for beside in zip(*(each() for each in chunks), strict=True):
        chunk = side_by_side(lanes, beside)
        if found:
            jax.block_until_ready(found[-1])  # or all chunks would come to the device at once
        steps = len(chunk.order)
        these = every[done : done + steps]
        carry, metrics = run_chunk(
            carry, chunk, these, lanes=lanes, learner=learner, turns=turns, devices=devices
        )
        found.append(metrics)
        done += steps
        yield Progress(done, carry, found)


def step_keys(key: PRNGKeyArray, steps: int, turns: Pass) -> PRNGKeyArray:
    """A key for each turn of each minibatch of a pass."""
    return jax.random.split(key, (steps, len(turns)))
