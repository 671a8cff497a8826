"""The loop of epochs: its keys, and what it hands to a learner before training."""

from dataclasses import fields
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from apical import DTP, Settings, fit
from apical.feedback import Transport
from apical.rules import BP
from apical.rules.rule import Rule, State, Traits
from apical.training import trainer
from apical.training.epoch import run_chunk
from apical.training.learner import Keys
from apical.training.optimizer import Optimizers
from apical.training.supervised import Supervised
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

    def watch(learner, turns, chunks, keys, *further):
        (own,) = keys
        seen.extend(map(tuple, np.asarray(jax.random.key_data(own)).reshape(-1, 2).tolist()))
        return walk(learner, turns, chunks, keys, *further)

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
    zeros, first = (
        jax.tree.leaves(f(30)) for f in (lambda _: task.trainer.zeros(), task.trainer.stream.first)
    )
    assert [(a.shape, a.dtype) for a in zeros] == [(a.shape, a.dtype) for a in first]


def test_programs_are_compiled_once_for_runs_of_any_length(blobs):
    settings: dict[str, Any] = {"hidden": (7,), "batch_size": 30}
    fit(BP(), blobs, epochs=1, **settings)
    compiled: Any = run_chunk
    before = compiled._cache_size()
    fit(BP(), blobs, epochs=2, record_test=True, **settings)
    assert compiled._cache_size() == before
    fit(BP(), blobs, epochs=2, lr=0.5, **settings)
    assert compiled._cache_size() == before + 1
    # A schedule reaches to the last epoch.
    fit(BP(), blobs, epochs=1, schedule="cosine", **settings)
    fit(BP(), blobs, epochs=2, schedule="cosine", **settings)
    assert compiled._cache_size() == before + 3


OTHERS: dict[str, Any] = {
    "hidden": (7,), "activation": "sigmoid", "output": "sigmoid", "loss": "squared-error",
    "target": "input", "init": "le-cun", "bias": False, "preprocessing": "centre",
    "framing": "resized:8",
    "augmentation": "crop-flip", "optimizer": "sgd", "lr": 0.5, "optimizer_args": {"b1": 0.5},
    "schedule": "cosine", "clip_norm": 1.0, "weight_decay": 0.1, "epochs": 3, "stop": ("early",),
    "batch_size": 30,
    "steps_per_epoch": 2, "partial_batch": "wrap", "record_test": True, "learned_optimizer": "sgd",
    "learned_lr": 0.5, "learned_optimizer_args": {"b1": 0.5}, "alternate": "batch", "passes": 3,
    "matmul_precision": "tf32", "diagnose": ("saturation",),
}  # fmt: skip
"""Another value than the default's for every setting."""
UNREAD = {"epochs", "stop", "steps_per_epoch", "record_test", "diagnose"}
"""The settings that no compiled program reads."""


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_learners_share_programs_only_if_they_differ_in_what_no_program_reads(name):
    optimizers = Optimizers(optax.sgd(1.0), optax.sgd(1.0))
    one, other = (
        Supervised(BP(), settings, 3, optimizers)
        for settings in (Settings(), Settings(**{name: OTHERS[name]}))
    )
    assert one.settings != other.settings
    assert (one == other) is (name in UNREAD)
