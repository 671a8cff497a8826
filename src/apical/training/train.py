"""The one training loop: a generator of epochs for one seed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from apical.data import Dataset
from apical.errors import DivergenceError, UsageError
from apical.rules import Batch, Rule
from apical.settings import Settings
from apical.training.build import build
from apical.training.divergence import diverged, locate
from apical.training.epoch import Carry, Keys, run_pass, start
from apical.training.events import Epoch
from apical.training.measuring import Measures
from apical.training.minibatches import Minibatches
from apical.training.optimizer import Optimizers, build_both
from apical.training.order import shuffled, steps_in_epoch
from apical.training.turns import ALTERNATIONS, TOGETHER, Plan
from apical.values.spelling import spell


@dataclass
class Task:
    """A rule on a data set: what every seed of a run shares, compiled programs included."""

    rule: Rule
    data: Dataset
    settings: Settings
    transformation: optax.GradientTransformation | None = None
    """An optimizer in place of those that `settings` name."""
    steps: int = field(init=False)
    measures: Measures = field(init=False)

    def __post_init__(self):
        settings, data = self.settings, self.data
        self.steps = steps_in_epoch(settings, len(data.train))
        given = self.transformation
        self.optimizers = (
            Optimizers(given, given)
            if given is not None
            else build_both(settings, self.steps * settings.epochs)
        )
        self.transforms = (settings.preprocessing or data.preprocessing).fit(data.splits)
        self.measures = Measures(self.rule, data, settings, self.transforms)
        self._train = jax.device_put((data.train.x, data.train.y))
        # Images that augmentation cannot take are refused now and not in the first step.
        jax.eval_shape(settings.augmentation, data.train.x[:1], jax.random.key(0))
        self._check_targets()

    def _check_targets(self) -> None:
        """Raises `UsageError` if the first training examples' targets are none for the loss."""
        loss, y = self.settings.loss, np.asarray(self.measures.probe.y)
        if not loss.suits(y):
            raise UsageError(
                f"target: {spell(self.settings.target)} gives rows of numbers from {y.min():g} to "
                f"{y.max():g} on {self.data.name}, and {spell(loss)} takes {loss.takes}; use "
                "--loss squared-error"
            )

    def begin(self, seed: int) -> Carry:
        """The carry before the first step; the network depends on nothing but the seed."""
        # Zeros, so that no rule can look at the data before training.
        example = jax.tree.map(jnp.zeros_like, self.measures.first(self.settings.batch_size))
        return _begin(
            Keys.of(seed), example, self.rule, self.settings, self.data.n_classes, self.optimizers
        )

    def epochs(self, seed: int, carry: Carry, done: int = 0) -> Iterator[Epoch]:
        """Train on from `carry`, after `done` epochs, and yield every finished epoch.

        Epoch 0, the network before the first step, is measured after the first
        epoch, so that nothing is compiled before training starts but training.

        Raises `DivergenceError` naming epoch, step and layer; the epochs yielded
        before stay good.
        """
        keys = Keys.of(seed)
        good = _to_host(carry)
        for number in range(done + 1, self.settings.epochs + 1):
            begin = time.perf_counter()
            carry, metrics = self._train_epoch(carry, good, number, seed, keys)
            seconds = time.perf_counter() - begin
            if number == 1:
                yield Epoch(seed, 0, self.measures.during(good, keys.rule), good)
            begin = time.perf_counter()
            metrics |= self.measures.during(carry, keys.rule)
            good = _to_host(carry)
            metrics["seconds"] = seconds
            metrics["seconds_measuring"] = time.perf_counter() - begin
            yield Epoch(seed, number, metrics, good)

    def _train_epoch(
        self, carry: Carry, good: Carry, number: int, seed: int, keys: Keys
    ) -> tuple[Carry, dict[str, Any]]:
        x, labels = self._train
        minibatches = Minibatches(
            x,
            labels,
            self.transforms.train,
            shuffled(
                jax.random.fold_in(keys.order, number),
                len(self.data.train),
                self.steps,
                self.settings.batch_size,
            ),
            jax.random.fold_in(keys.augmentation, number),
            self.settings.augmentation,
            self.settings.target,
        )
        metrics: dict[str, Any] = {}
        for i, turns in enumerate(self._plan):
            if i:
                good = _to_host(carry)
            key = jax.random.fold_in(keys.step, number * len(self._plan) + i)
            program = {"rule": self.rule, "optimizers": self.optimizers, "turns": turns}
            carry, per_step = run_pass(carry, minibatches, key, **program)
            metrics = {name: np.asarray(values) for name, values in per_step.items()}
            if diverged(metrics["train_loss"], carry):
                where = locate(good, minibatches, key, **program)
                raise DivergenceError(
                    f"seed {seed}, epoch {number}, {where}: training diverged; "
                    f"lower lr (now {self.settings.lr:g}) or set clip_norm"
                )
        return carry, {name: float(values.mean()) for name, values in metrics.items()}

    @cached_property
    def _plan(self) -> Plan:
        """The passes of an epoch; a rule that learns nothing of its own has no turns to take."""
        learned = jax.eval_shape(lambda: self.begin(0)).state.learned
        return ALTERNATIONS[self.settings.alternate] if jax.tree.leaves(learned) else TOGETHER


@partial(jax.jit, static_argnums=(2, 3, 4, 5))
def _begin(
    keys: Keys,
    example: Batch,
    rule: Rule,
    settings: Settings,
    n_classes: int,
    optimizers: Optimizers,
) -> Carry:
    """One program: drawing every array by itself would compile as many."""
    net = build(settings, example.x.shape[1:], n_classes, keys.net)
    return start(net, rule.init(net, example, keys.rule), optimizers)


def _to_host(carry: Carry) -> Carry:
    return jax.tree.map(np.array, carry)
