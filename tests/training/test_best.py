"""The network of the best validation epoch is kept, whatever happens to the run."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import BP, State, UsageError, fit
from apical.rules import Credit
from apical.runs.best import best
from apical.runs.checkpoints import Checkpoints
from apical.runs.folder import RunFolder
from apical.runs.reading import unfinished
from apical.training.events import Epoch
from apical.training.reload import reload
from apical.training.selection import Best, Last

SETTINGS: dict[str, Any] = {
    "hidden": (8,), "batch_size": 30, "epochs": 6, "lr": 1e-2, "seeds": 2, "checkpoint_seconds": 0,
}  # fmt: skip


class Unlearning(BP):
    """Descends the loss for so many steps, eleven an epoch, and climbs it from then on."""

    name = "unlearning"
    after: int = 33

    def init(self, net, batch, key):
        return State(kept=jnp.zeros((), int))

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        sign = jnp.where(state.kept < self.after, 1.0, -3.0)
        network = jax.tree.map(lambda g: sign * g, found.network)
        return Credit(network, found.signals, kept=state.kept + 1)


def bits(net) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(net)]


@pytest.fixture(scope="module")
def whole(blobs):
    """(summary, the bits of the network after each seed's epoch) of an undisturbed run."""
    heard: dict[tuple[int, int], list[bytes]] = {}

    def hear(event):
        if isinstance(event, Epoch):
            heard[event.seed, event.number] = bits(event.carry.net)

    return fit(Unlearning(), blobs, listeners=[hear], **SETTINGS).summary, heard


def agrees(path, blobs, whole) -> None:
    """The networks in the folder are those that the undisturbed run names as last and best."""
    summary, heard = whole
    chosen = summary["best_validation"]["epoch"]
    assert all(1 <= epoch < SETTINGS["epochs"] for epoch in chosen), "nothing was unlearned"
    task, models = reload(path, blobs, Best())
    assert {seed: m.epoch for seed, m in models.items()} == dict(enumerate(chosen))
    assert all(bits(m.network) == heard[seed, m.epoch] for seed, m in models.items())
    measured = [task.trainer.measure(m.network)["val_accuracy"] for m in models.values()]
    assert measured == summary["best_validation"]["val_accuracy"]["list"]
    _, last = reload(path, blobs, Last())
    assert all(bits(m.network) == heard[seed, SETTINGS["epochs"]] for seed, m in last.items())


def test_it_is_the_network_that_the_summary_names(blobs, whole, tmp_path):
    fit(Unlearning(), blobs, out=tmp_path, **SETTINGS | {"checkpoint_seconds": 1e9})
    agrees(tmp_path, blobs, whole)


@pytest.mark.parametrize(
    ("stop", "error"),
    [(4, KeyboardInterrupt), (8, KeyboardInterrupt), (2, SystemExit), (5, SystemExit)],
    ids=["ctrl-c-4", "ctrl-c-8", "killed-2", "killed-5"],
)
def test_it_outlives_an_interruption(blobs, whole, tmp_path, stop, error):
    """An exception that nobody catches leaves what a kill leaves."""
    seen = []

    def interrupt(event):
        if isinstance(event, Epoch) and event.number > 0:
            seen.append(event)
            if len(seen) == stop:
                raise error

    try:
        fit(Unlearning(), blobs, out=tmp_path, listeners=[interrupt], **SETTINGS)
    except SystemExit:
        assert error is SystemExit
    fit(Unlearning(), blobs, out=tmp_path, resume=True, **SETTINGS)
    agrees(tmp_path, blobs, whole)


@pytest.mark.parametrize("stop", [3, 5])
def test_an_epoch_that_was_never_saved_is_not_the_best(blobs, whole, tmp_path, monkeypatch, stop):
    """Its line in metrics.jsonl comes before its checkpoint, and so may a kill."""
    save = Checkpoints.save

    def die(self, epoch, *rest):
        if epoch == stop:
            raise SystemExit
        save(self, epoch, *rest)

    monkeypatch.setattr(Checkpoints, "save", die)
    with pytest.raises(SystemExit):
        fit(Unlearning(), blobs, out=tmp_path, **SETTINGS)
    monkeypatch.undo()
    fit(Unlearning(), blobs, out=tmp_path, resume=True, **SETTINGS)
    agrees(tmp_path, blobs, whole)


def test_little_is_written(blobs, tmp_path, monkeypatch):
    """However often the best changes, a seed is saved once if it ends within the interval."""
    saved = []
    save = Checkpoints.save

    def count(self, epoch, *rest):
        saved.append(epoch)
        save(self, epoch, *rest)

    monkeypatch.setattr(Checkpoints, "save", count)
    fit(Unlearning(), blobs, out=tmp_path, **SETTINGS | {"checkpoint_seconds": 1e9})
    assert saved == [SETTINGS["epochs"]] * 2


def test_without_validation_examples_there_is_none(blobs, tmp_path):
    empty = replace(blobs, validation=blobs.validation.take(np.arange(0)))
    result = fit(BP(), empty, out=tmp_path, **SETTINGS | {"seeds": 1, "epochs": 2})
    assert result.summary["best_validation"] is None
    with pytest.raises(UsageError, match="no validation examples"):
        reload(tmp_path, empty, Best())
    reload(tmp_path, empty, Last())
    again = fit(BP(), empty, out=tmp_path, resume=True, **SETTINGS | {"seeds": 1, "epochs": 2})
    assert again.summary["best_validation"] is None


def test_accuracies_that_are_none_or_nan_are_no_candidates():
    rows = [
        {"epoch": i, "val_accuracy": v} for i, v in enumerate([None, float("nan"), 0.2, 0.2], 1)
    ]
    assert best(rows, "val_accuracy") is rows[2]
    assert best(rows[:2], "val_accuracy") is None


def test_an_unfinished_run_says_how_far_it_got(blobs, tmp_path):
    def interrupt(event):
        if isinstance(event, Epoch) and (event.seed, event.number) == (1, 2):
            raise KeyboardInterrupt

    fit(BP(), blobs, out=tmp_path, listeners=[interrupt], **SETTINGS)
    said = unfinished(RunFolder(tmp_path))
    assert said is not None
    assert "(interrupted): seed 0 after 6 of 6 epochs, seed 1 after 2 of 6 epochs" in said
    (tmp_path / "summary.json").unlink()
    assert "(still training, or killed)" in str(unfinished(RunFolder(tmp_path)))
    fit(BP(), blobs, out=tmp_path, resume=True, **SETTINGS)
    assert unfinished(RunFolder(tmp_path)) is None
