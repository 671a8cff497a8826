"""Minibatches that come in chunks."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from apical import FA, DivergenceError, Settings
from apical.data import Split
from apical.data.augmentation import CropFlip
from apical.data.image_files.rows import aligned
from apical.errors import DataError
from apical.networks.layers import Fc
from apical.rules import DTP
from apical.runs.checkpoints import Checkpoints
from apical.runs.folder import RunFolder
from apical.training.devices import Devices
from apical.training.events import Within
from apical.training.recording import InFolder, InMemory as NoTrace
from apical.training.run import run
from apical.training.stream import Stream, streamed
from apical.training.task import Task
from tests.training.small import bits, timeless


class InPieces(Stream):
    """Another stream's chunk in pieces of so many minibatches, each with its own examples alone."""

    def __init__(self, whole: Stream, size: int):
        self._whole, self._size = whole, size

    @property
    def steps(self):
        return self._whole.steps

    @property
    def shapes(self):
        return self._whole.shapes

    @property
    def ahead(self):
        return self._whole.ahead

    def first(self, count):
        return self._whole.first(count)

    def chunks(self, epoch, keys, done=0, devices=Devices()):
        (whole,) = self._whole.chunks(epoch, keys)
        for begin in range(done, self.steps, self._size):
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


def memory_that_jax_shares(a):
    """A copy that JAX on the CPU takes as it is."""
    copy = aligned((a.nbytes,)).view(a.dtype).reshape(a.shape)
    copy[:] = a
    return copy


def test_the_first_examples_are_preprocessed_and_no_longer_the_users(blobs):
    x, y = blobs.train.x.copy(), memory_that_jax_shares(blobs.train.y)
    split = Split(x, y)
    transform = blobs.preprocessing.fit(blobs.splits).train
    first = streamed(split, transform, Settings(batch_size=30)).first(40)
    expected, labels = transform(x[:40]), y[:40].copy()
    x[:], y[:] = 0, 0
    np.testing.assert_array_equal(first.x, expected)
    np.testing.assert_array_equal(first.y, labels)


class Killed(BaseException):
    """Ends a run without a word."""


@pytest.mark.parametrize("kill", range(4))
@pytest.mark.parametrize(
    ("rule", "alternate"), [(FA(), None), (DTP(), "epoch"), (DTP(), "batch")], ids=str
)
def test_a_run_that_was_killed_within_an_epoch_goes_on(blobs, tmp_path, rule, alternate, kill):
    """Before the first and the last chunk of an epoch's passes, in the first epoch and later."""
    settings = Settings(hidden=(Fc(8), Fc(8)), batch_size=30, epochs=2, augmentation=CropFlip(1))
    task = Task(rule, blobs, replace(settings, alternate=alternate))
    pieces = replace(task.trainer, stream=InPieces(task.trainer.stream, 4))
    config = {"data": {"name": "blobs"}, "seed": 0, "seeds": 1}
    config |= {"settings": {"epochs": 2}, "together": []}
    whole = run(task.trainer, config, range(1), NoTrace())
    points: list[Within] = []

    def strike(event):
        if isinstance(event, Within):
            points.append(event)
            if len(points) == 1 + 2 * kill:
                raise Killed

    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    try:
        run(pieces, config, range(1), InFolder(folder, task.learner, -1), [strike])
    except Killed:
        assert (folder.path / "checkpoints/seed-0/within.npz").exists()
    took = len(points)

    def count(event):
        points.extend([event] if isinstance(event, Within) else [])

    ended = run(pieces, config, range(1), InFolder(folder, task.learner, -1), [count])
    assert bits(whole.carries) == bits(ended.carries)
    assert timeless(whole.rows) == timeless(ended.rows)
    assert timeless(whole.initial) == timeless(ended.initial)
    assert not (folder.path / "checkpoints/seed-0/within.npz").exists()
    passes = len(task.learner.plan(task.trainer.shapes))
    assert len(points) == 2 * 2 * passes >= took  # no chunk twice


def test_a_damaged_checkpoint_within_an_epoch_is_named(blobs, tmp_path):
    saved = Checkpoints(tmp_path / "run/seed-0")
    saved.folder.parent.mkdir()
    carry = {"w": jnp.ones(3)}
    saved.save_within((1, 0, 4), carry, {"train_loss": np.ones(4, np.float32)})
    at, found, metrics = saved.within(carry) or pytest.fail("nothing there")
    assert at == [1, 0, 4]
    assert found["w"].tolist() == [1, 1, 1]
    assert metrics["train_loss"].tolist() == [1] * 4
    with pytest.raises(DataError, match=r"within.npz: expected a checkpoint .* of shape \(3,\)"):
        saved.within({"w": jnp.ones(4)})
    path = saved.folder / "within.npz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"within.npz: expected a checkpoint of this run"):
        saved.within(carry)


def test_a_divergence_is_located_across_chunks(blobs):
    task = Task(FA(), blobs, Settings(hidden=(Fc(8),), batch_size=30, epochs=2, lr=1e30))
    pieces = replace(task.trainer, stream=InPieces(task.trainer.stream, 4))
    told = []
    for trainer in (task.trainer, pieces):
        with pytest.raises(DivergenceError) as error:
            run(trainer, {"data": {"name": "blobs"}}, range(1), NoTrace())
        told.append(str(error.value))
    assert told[0] == told[1]
