"""The scores of what was learned on a split, in chunks of one shape."""

from functools import partial

import jax
import numpy as np
from jaxtyping import PyTree

from apical.data import Split
from apical.data.preprocessing import Affine
from apical.training.devices import Devices
from apical.training.lanes import Lanes
from apical.training.learner import Examples, Learner, Parameters

CHUNK = 1000
MOST = 2**30
"""Bytes of memory at once, where `CHUNK` examples would take more."""


def evaluate(
    learner: Learner,
    parameters: Parameters,
    transform: Affine,
    split: Split,
    name: str,
    lanes: Lanes = Lanes(1),
    devices: Devices = Devices(),
) -> list[dict[str, float]]:
    """The metrics of every example of the split called `name`, for each lane.

    The last chunk is padded and masked.
    """
    tallies, size = [], chunk(learner, lanes.part(parameters, 0))
    size = max(1, size // devices.count) * devices.count
    ours, parameters = devices.part(size), devices.put(parameters)
    for number, raw in enumerate(split.read(size, ours)):
        mask = number * size + np.arange(size)[ours] < len(split)
        padded = jax.tree.map(partial(_padded, size=len(mask)), raw)
        found = tally(
            parameters, transform, *devices.join((*padded, mask)),
            learner=learner, lanes=lanes, devices=devices,
        )  # fmt: skip
        tallies.append(jax.tree.map(np.asarray, found))
    return [
        learner.grade(
            together([lanes.part(each, lane) for each in tallies]) if tallies else None,
            name,
            len(split),
        )
        for lane in range(lanes.count)
    ]


def _padded(a: np.ndarray, size: int) -> np.ndarray:
    return np.pad(a, [(0, size - len(a))] + [(0, 0)] * (a.ndim - 1))


def together(tallies: list[PyTree]) -> PyTree:
    """The tallies of several batches as one, on the host."""
    return jax.tree.map(lambda *parts: np.concatenate(parts), *tallies)


def chunk(learner: Learner, parameters: Parameters) -> int:
    """How many examples are measured at once."""
    return max(1, min(CHUNK, MOST // learner.bytes_per_example(parameters)))


@partial(jax.jit, static_argnames=("learner", "lanes", "devices"))
def tally(
    parameters: Parameters,
    transform: Affine,
    x,
    y,
    mask,
    *,
    learner: Learner,
    lanes: Lanes,
    devices: Devices,
) -> PyTree:
    """What raw examples add to the scores of each lane."""
    examples = devices.share(Examples(transform(x), y))
    return devices.whole(lanes.over(lambda each: learner.tally(each, examples, mask))(parameters))
