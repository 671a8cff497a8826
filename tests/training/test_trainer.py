"""The loop of epochs: its keys, and what it hands to a learner before training."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from apical import DTP, Settings
from apical.feedback import Transport
from apical.rules import BP
from apical.rules.rule import Rule, State, Traits
from apical.training import trainer
from apical.training.learner import Keys
from apical.training.task import Task


def test_the_streams_of_a_seed_stay_what_they_are():
    """Another order would change every number that was ever recorded."""
    words = {name: jax.random.key_data(key).tolist() for name, key in vars(Keys.of(0)).items()}
    assert words == {
        "net": [1797259609, 2579123966],
        "rule": [928981903, 3453687069],
        "order": [4146024105, 2718843009],
        "step": [2467461003, 3840466878],
        "augmentation": [2285895361, 433833334],
    }


def test_every_pass_has_keys_of_its_own(blobs, monkeypatch):
    seen: list[tuple[int, int]] = []
    walk = trainer.run_pass

    def watch(learner, turns, chunks, keys, carry):
        (own,) = keys
        seen.extend(map(tuple, np.asarray(jax.random.key_data(own)).reshape(-1, 2).tolist()))
        return walk(learner, turns, chunks, keys, carry)

    monkeypatch.setattr(trainer, "run_pass", watch)
    settings: dict[str, Any] = {"hidden": (6, 6), "alternate": "epoch"}
    task = Task(DTP(), blobs, Settings(batch_size=30, epochs=2, **settings))
    list(task.trainer.train([trainer.Start(0, task.begin(0))]))
    assert len(seen) == 2 * 2 * task.trainer.stream.steps
    assert len(set(seen)) == len(seen)


class Peeking(Rule):
    """Keeps the sum of what it is shown before training."""

    name = "peeking"

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS)

    def init(self, net, batch, key):
        return State(kept=jnp.sum(jnp.abs(batch.x)))

    def credit(self, net, state, batch, key):
        return BP().credit(net, State(), batch, key)


def test_no_rule_sees_the_data_before_training(blobs):
    assert blobs.train.x[:30].sum() > 0
    task = Task(Peeking(), blobs, Settings(batch_size=30))
    assert float(task.begin(0).state.kept) == 0
