"""The trainer trains whatever keeps to the interface: here a mean, without labels or network."""

import json
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import DivergenceError, Settings
from apical.data import Split
from apical.data.preprocessing import Affine
from apical.runs.folder import RunFolder
from apical.training.learner import Learner
from apical.training.recording import InFolder, InMemory as NoTrace
from apical.training.run import run
from apical.training.stream import InMemory
from apical.training.trainer import Trainer
from tests.training.small import bits, timeless

CONFIG = {"data": {"name": "blobs"}, "seed": 0, "seeds": 2}


@dataclass(frozen=True)
class Mean(Learner):
    """m <- m + rate (mean of the minibatch - m); it answers x - m and scores -|x - m|^2."""

    rate: float = 0.1

    @property
    def about(self):
        return {"model": "mean"}

    @property
    def remedy(self):
        return "lower the rate"

    @property
    def bound_to_epochs(self):
        return None

    def metric(self, split):
        return f"{split}_closeness"

    def check(self, examples):
        pass

    def start(self, examples, keys):
        return jax.random.normal(keys.net, examples.x.shape[1:])

    def plan(self, carry):
        return ((None,),)

    def step(self, turn, carry, examples, key):
        off = jnp.mean(examples.x, axis=0) - carry
        return carry + self.rate * off, {"train_loss": jnp.sum(off**2)}

    def after_epoch(self, carry):
        return carry

    def parameters(self, carry):
        return carry

    def answer(self, parameters, x):
        return x - parameters

    def tally(self, parameters, examples, mask):
        return jnp.sum(mask[:, None, None] * self.answer(parameters, examples.x) ** 2)[None]

    def grade(self, tallies, split, count):
        return {self.metric(split): -float(tallies.sum()) / count}

    def bytes_per_example(self, parameters):
        return parameters.nbytes

    def diagnose(self, carry, examples, key):
        return {"seen": len(examples.x)}

    def diagnosing(self, carry, examples, key):
        return []

    def sizes(self, carry):
        return {"the mean": jnp.max(jnp.abs(carry))}

    def sizes_within(self, carry, examples, key):
        return self.sizes(carry)


def trainer(blobs, learner=Mean(), epochs=6):
    plain = Affine.of(0.0, 1 / 255)
    unlabelled: Any = None
    splits = {
        name: Split(split.x, unlabelled)
        for name, split in (
            ("train", blobs.train), ("val", blobs.validation), ("test", blobs.test),
        )
    }  # fmt: skip
    stream = InMemory(splits["train"], plain, Settings(batch_size=30))
    return Trainer(learner, stream, {n: (plain, s) for n, s in splits.items()}, epochs, 30)


def test_it_learns_and_is_measured(blobs):
    outcome = run(trainer(blobs), CONFIG, range(2), NoTrace())
    mean = blobs.train.x.mean(axis=0) / 255
    for carry in outcome.carries.values():
        np.testing.assert_allclose(carry, mean, atol=0.1)
    assert outcome.rows[0]["seen"] == 330
    assert outcome.summary["model"] == "mean"
    off = (blobs.test.x / 255 - outcome.carries[0]) ** 2
    expected = -off.sum(axis=(1, 2)).mean()
    assert outcome.summary["test_closeness"]["list"][0] == pytest.approx(expected, rel=1e-4)
    scores = [r["val_closeness"] for r in outcome.rows if r["seed"] == 1]
    assert outcome.summary["best_validation"]["epoch"][1] == 1 + scores.index(max(scores))


def test_it_is_recorded_and_resumed_bit_for_bit(blobs, tmp_path):
    def recorded(trainer, seeds):
        return run(trainer, CONFIG, seeds, InFolder(RunFolder(tmp_path), Mean(), every=0.0))

    whole = run(trainer(blobs), CONFIG, range(2), NoTrace())
    recorded(trainer(blobs, epochs=4), range(1))
    resumed = recorded(trainer(blobs), range(2))
    assert bits(resumed.carries) == bits(whole.carries)
    assert timeless(resumed.rows) == timeless(whole.rows)
    assert json.loads((tmp_path / "summary.json").read_text())["status"] == "finished"


def test_its_divergence_is_located(blobs):
    learner = replace(Mean(), rate=1e3)
    with pytest.raises(DivergenceError, match=r"epoch 1, step \d+: the mean .*; lower the rate"):
        run(trainer(blobs, learner), CONFIG, range(1), NoTrace())
