"""What learns on a data set, put together from settings: what the loop trains."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import jax
import optax

from apical.data import Dataset
from apical.data.labels import SUFFIX
from apical.data.preprocessing import Transforms
from apical.errors import UsageError
from apical.networks.layers import Layer
from apical.networks.targets import Label
from apical.rules import Batch, Rule
from apical.settings import Loop, Settings
from apical.training.devices import Devices
from apical.training.first_layer import FirstLayer
from apical.training.learner import Examples, Keys, Learner
from apical.training.memory import refuse_giants, takes_the_most
from apical.training.optimizer import Optimizers, build_both
from apical.training.stream import Stream, streamed
from apical.training.supervised import Carry, Supervised
from apical.training.trainer import PROBE, Trainer
from apical.values.spelling import encode, spell


def fitted(data: Dataset, settings: Loop) -> Transforms:
    """The preprocessing of each split."""
    return (settings.preprocessing or data.preprocessing).fit(data.splits)


AnyLoop = TypeVar("AnyLoop", bound=Loop)


def sized(settings: AnyLoop, recipe: Loop, data: Dataset) -> AnyLoop:
    """Settings with a batch size that the training set has examples for, if it is the recipe's.

    A recipe is made for large data sets: of fewer examples than it asks for, all make a minibatch,
    which a warning tells. Another size was asked for, and is left to be refused.
    """
    examples, size = len(data.train), settings.batch_size
    if not 0 < examples < size == recipe.batch_size:
        return settings
    warnings.warn(
        f"batch_size: the usual {size} is more than the {examples} training examples of "
        f"{data.name}; minibatches have {examples}",
        stacklevel=1,  # one place, so that a process tells it once
    )
    return replace(settings, batch_size=examples)


def trainer(
    learner: Learner, stream: Stream, data: Dataset, maps: Transforms, settings: Loop
) -> Trainer:
    """The trainer of a learner on a data set.

    Raises `UsageError` if the learner cannot learn from it.
    """
    made = Trainer(
        learner,
        stream,
        {
            "train": (maps.train, data.train),
            "val": (maps.validation, data.validation),
            "test": (maps.test, data.test),
        },
        settings.epochs,
        settings.batch_size,
        ("val", "test") if settings.record_test else ("val",),
        stop=settings.stop,
    )
    for stop in settings.stop:
        stop.check(learner.metric("val"))
        if not len(data.validation):
            raise UsageError(
                f"stop {spell(stop)}: {data.name} has no validation examples to judge by; leave it "
                "out"
            )
    learner.check(made.probe(PROBE))
    return made


class Training(ABC):
    """A learner on a data set, with all that a run of it is told by."""

    data: Dataset
    settings: Loop
    trainer: Trainer

    @abstractmethod
    def learned(self, seeds: Sequence[int]) -> dict[str, Any]:
        """What learns, by the name of its kind, as config.json of these seeds has it.

        Raises `UsageError` if it cannot begin.
        """

    @abstractmethod
    def refuse_giants(self, trainer: Trainer, seeds: int, at_once: int) -> None:
        """Raises `UsageError` if so many seeds of the trainer, `at_once` of them as one program,
        need more memory than is free."""


class Task(Training):
    """A rule on a data set.

    `transformation` is an optimizer in place of those that `settings` name, `init_from` gives what
    the first layer begins with in place of drawn weights.
    Raises `UsageError` for settings, rule and data that do not go together.
    """

    settings: Settings

    def __init__(
        self,
        rule: Rule,
        data: Dataset,
        settings: Settings,
        transformation: optax.GradientTransformation | None = None,
        init_from: FirstLayer | None = None,
    ):
        data = data.framed(settings.framing)
        settings = sized(settings, rule.recipe, data)
        if data.features and isinstance(settings.target, Label):
            raise UsageError(
                f"data: {data.name} has the labels among its inputs, and the network is trained "
                f"towards them; use {data.name.removesuffix(SUFFIX)}, or another target than "
                f"{spell(settings.target)}"
            )
        self.rule, self.data, self.settings = rule, data, settings
        self.transformation, self.init_from = transformation, init_from
        self._firsts: dict[int, Layer] = {}
        self.transforms = fitted(data, settings)
        stream = streamed(data.train, self.transforms.train, settings)
        self.learner = Supervised(
            rule,
            settings,
            data.n_classes,
            build_both(settings, stream.steps * settings.epochs)
            if transformation is None
            else Optimizers(transformation, transformation),
        )
        made = trainer(self.learner, stream, data, self.transforms, settings)
        self.trainer = made if init_from is None else replace(made, begins=self._begin_from)

    def learned(self, seeds):
        told = {
            "rule": encode(self.rule),
            "transformation": None if self.transformation is None else "given in Python",
        }
        if self.init_from is not None:
            told["init_from"] = {str(s): self.init_from.told(s, self._first(s)) for s in seeds}
        return told

    def refuse_giants(self, trainer, seeds, at_once):
        carry = trainer.shapes
        active = self.learner.bytes_per_example(carry.net)
        remedy = takes_the_most(carry, self.learner)
        refuse_giants(trainer, active, remedy, seeds, at_once)

    def _first(self, seed: int) -> Layer:
        """The first layer that a seed is given, read once: its digest is that of what it begins
        with."""
        assert self.init_from is not None
        if seed not in self._firsts:
            self._firsts[seed] = self.init_from.of(seed, self.data, self.settings)
        return self._firsts[seed]

    def _begin_from(self, learner: Any, examples: Examples, seed: int, devices: Devices) -> Carry:
        """The carry of a seed whose first layer is given."""
        first, keys = self._first(seed), Keys.of(seed)
        return _begin_from(first, examples, keys, learner=learner, devices=devices)

    def begin(self, seed: int) -> Carry:
        """The network, the rule's state and the optimizers before the first step."""
        return self.trainer.begin(seed)

    def batches(self, count: int) -> Batch:
        """The first `count` training examples or fewer, cut into minibatches of the training size:
        arrays of shape (minibatches, size, ...)."""
        return self.learner.cut(self.trainer.probe(count))


@partial(jax.jit, static_argnames=("learner", "devices"))
def _begin_from(
    first: Layer, examples: Examples, keys: Keys, *, learner: Supervised, devices: Devices
) -> Carry:
    return devices.hold(learner.start_from(first, examples, keys))
