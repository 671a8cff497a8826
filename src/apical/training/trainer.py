"""The one training loop: a generator of epochs for one seed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from apical.data import Split
from apical.data.preprocessing import Affine
from apical.errors import DivergenceError
from apical.training.divergence import diverged, locate
from apical.training.epoch import run_pass, step_keys
from apical.training.evaluate import evaluate
from apical.training.events import Epoch
from apical.training.learner import Carry, Examples, Keys, Learner, Parameters, Plan
from apical.training.stream import Stream

PROBE = 500
"""How many training examples a learner is diagnosed on."""


@dataclass(frozen=True)
class Trainer:
    """A learner, the stream it learns from and the splits it is measured on.

    What every seed of a run shares, compiled programs included.
    """

    learner: Learner
    stream: Stream
    splits: dict[str, tuple[Affine, Split]]
    """`train`, `val` and `test`, each with its preprocessing."""
    epochs: int
    batch_size: int
    watched: tuple[str, ...] = ("val",)
    """The splits that are measured after every epoch."""

    def begin(self, seed: int) -> Carry:
        """The carry before the first step; its weights depend on nothing but the seed."""
        # Zeros, so that nothing can look at the data before training.
        examples = jax.tree.map(jnp.zeros_like, self.stream.first(self.batch_size))
        return _begin(examples, Keys.of(seed), learner=self.learner)

    def train(self, seed: int, carry: Carry, done: int = 0) -> Iterator[Epoch]:
        """Train on from `carry`, after `done` epochs, and yield every finished epoch.

        Epoch 0, before the first step, is measured after the first epoch, so that nothing is
        compiled before training starts but training.

        Raises `DivergenceError` naming epoch, step and layer; the epochs yielded before stay good.
        """
        keys = Keys.of(seed)
        good = _to_host(carry)
        for number in range(done + 1, self.epochs + 1):
            begin = time.perf_counter()
            carry, metrics = self._train_epoch(carry, good, number, seed, keys)
            seconds = time.perf_counter() - begin
            if number == 1:
                yield self._finished(seed, 0, good, self._during(good, keys))
            begin = time.perf_counter()
            metrics |= self._during(carry, keys)
            good = _to_host(carry)
            metrics["seconds"] = seconds
            metrics["seconds_measuring"] = time.perf_counter() - begin
            yield self._finished(seed, number, good, metrics)

    def measure(self, parameters: Parameters) -> dict[str, float]:
        """The metrics of every split."""
        return self._scores(parameters, tuple(self.splits))

    def probe(self, count: int) -> Examples:
        """The first `count` training examples or fewer, a whole number of minibatches."""
        (_, train), size = self.splits["train"], self.batch_size
        return self.stream.first(max(1, min(count, len(train)) // size) * size)

    def _during(self, carry: Carry, keys: Keys) -> dict[str, Any]:
        """After an epoch: the scores on the watched splits, and what the learner diagnoses."""
        scores = self._scores(self.learner.parameters(carry), self.watched)
        return scores | self.learner.diagnose(carry, self._probe, keys.rule)

    def _scores(self, parameters: Parameters, names: tuple[str, ...]) -> dict[str, float]:
        measured: dict[str, float] = {}
        for name in names:
            measured |= evaluate(self.learner, parameters, *self.splits[name], name)
        return measured

    def _finished(self, seed: int, number: int, carry: Carry, metrics: dict[str, Any]) -> Epoch:
        return Epoch(seed, number, metrics, carry, self.learner.parameters(carry))

    def _train_epoch(
        self, carry: Carry, good: Carry, number: int, seed: int, keys: Keys
    ) -> tuple[Carry, dict[str, Any]]:
        metrics: dict[str, np.ndarray] = {}
        for i, turns in enumerate(self._plan):
            if i:
                good = _to_host(carry)
            key = jax.random.fold_in(keys.step, number * len(self._plan) + i)
            each = step_keys(key, self.stream.steps, turns)
            walked = (self.learner, turns, partial(self.stream.chunks, number, keys), each)
            carry, metrics = run_pass(*walked, carry)
            if diverged(metrics["train_loss"], self.learner, carry):
                where = locate(*walked, good)
                raise DivergenceError(
                    f"seed {seed}, epoch {number}, {where}: training diverged; "
                    f"{self.learner.remedy}"
                )
        return carry, {name: float(values.mean()) for name, values in metrics.items()}

    @cached_property
    def _plan(self) -> Plan:
        return self.learner.plan(jax.eval_shape(lambda: self.begin(0)))

    @cached_property
    def _probe(self) -> Examples:
        return self.probe(PROBE)


@partial(jax.jit, static_argnames="learner")
def _begin(examples: Examples, keys: Keys, *, learner: Learner) -> Carry:
    """One program: drawing every array by itself would compile as many."""
    return learner.start(examples, keys)


def _to_host(carry: Carry) -> Carry:
    return jax.tree.map(np.array, carry)
