"""Minibatches that come in chunks."""

from dataclasses import replace

import jax.numpy as jnp
import pytest

from apical import FA, DivergenceError, Settings
from apical.data.augmentation import CropFlip
from apical.networks.layers import Fc
from apical.rules import DTP
from apical.training.recording import InMemory as NoTrace
from apical.training.run import run
from apical.training.stream import Stream
from apical.training.task import Task
from tests.training.small import bits, timeless


class InPieces(Stream):
    """Another stream's chunk in pieces of so many minibatches, each with its own examples alone."""

    def __init__(self, whole: Stream, size: int):
        self._whole, self._size = whole, size

    @property
    def steps(self):
        return self._whole.steps

    def first(self, count):
        return self._whole.first(count)

    def chunks(self, epoch, keys):
        (whole,) = self._whole.chunks(epoch, keys)
        for begin in range(0, self.steps, self._size):
            taken = slice(begin, begin + self._size)
            rows = whole.order[taken]
            order = jnp.arange(rows.size, dtype=jnp.int32).reshape(rows.shape)
            x, y, keys_ = whole.x[rows.ravel()], whole.y[rows.ravel()], whole.keys[taken]
            yield replace(whole, x=x, y=y, order=order, keys=keys_)


@pytest.mark.parametrize(
    ("rule", "alternate"), [(FA(), None), (DTP(), "epoch"), (DTP(), "batch")], ids=str
)
def test_chunks_change_nothing(blobs, rule, alternate):
    """Eleven minibatches at once, or four, four and three of them."""
    settings = Settings(hidden=(Fc(8), Fc(8)), batch_size=30, epochs=2, augmentation=CropFlip(1))
    task = Task(rule, blobs, replace(settings, alternate=alternate))
    pieces = replace(task.trainer, stream=InPieces(task.trainer.stream, 4))
    config = {"data": {"name": "blobs"}}
    whole, cut = (run(t, config, range(1), NoTrace()) for t in (task.trainer, pieces))
    assert bits(whole.carries) == bits(cut.carries)
    assert timeless(whole.rows) == timeless(cut.rows)


def test_a_divergence_is_located_across_chunks(blobs):
    task = Task(FA(), blobs, Settings(hidden=(Fc(8),), batch_size=30, epochs=2, lr=1e30))
    pieces = replace(task.trainer, stream=InPieces(task.trainer.stream, 4))
    told = []
    for trainer in (task.trainer, pieces):
        with pytest.raises(DivergenceError) as error:
            run(trainer, {"data": {"name": "blobs"}}, range(1), NoTrace())
        told.append(str(error.value))
    assert told[0] == told[1]
