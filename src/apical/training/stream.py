"""Streams of minibatches: a pass is chunks, each on the device as a whole."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from apical.data import Split
from apical.data.augmentation import Augmentation
from apical.data.preprocessing import Affine
from apical.errors import UsageError
from apical.settings import Loop
from apical.training.lanes import Lanes
from apical.training.learner import Examples, Keys
from apical.training.order import shuffled, steps_in_epoch


class Chunk(eqx.Module):
    """Raw examples, and which of them make up each of some minibatches.

    They are made ready within the compiled step: augmented, then preprocessed.
    """

    x: Array
    """Raw examples, (examples, *shape)."""
    y: PyTree
    """What belongs to each, arrays of shape (examples, ...)."""
    order: Int[Array, "steps *lanes size"]
    keys: PRNGKeyArray
    """Of each minibatch's augmentation, shape (steps, *lanes)."""
    transform: Affine
    augmentation: Augmentation = eqx.field(static=True)

    def minibatch(self, rows: Int[Array, " size"], key: PRNGKeyArray) -> Examples:
        """The examples of these rows, made ready."""
        x = self.augmentation(self.x[rows], key)
        return Examples(self.transform(x), jax.tree.map(lambda leaf: leaf[rows], self.y))


def side_by_side(lanes: Lanes, chunks: Sequence[Chunk]) -> Chunk:
    """A chunk of each lane as one; the raw examples are there once.

    Raises `UsageError` if they are not the same for all.
    """
    first, *others = chunks
    if any(chunk.x is not first.x for chunk in others):
        raise UsageError(
            "together: needs one set of raw examples for all seeds, and this stream gives each "
            "seed its own; train the seeds one after the other"
        )
    order = lanes.join([chunk.order for chunk in chunks], axis=1)
    return replace(first, order=order, keys=lanes.join([chunk.keys for chunk in chunks], axis=1))


class Stream(ABC):
    """The training examples of a run in the order in which they are met."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """Minibatches of an epoch."""

    @abstractmethod
    def first(self, count: int) -> Examples:
        """The first so many examples, or all if there are fewer; preprocessed, not augmented."""

    @abstractmethod
    def chunks(self, epoch: int, keys: Keys) -> Iterator[Chunk]:
        """The minibatches of an epoch; the same at every call, whatever they are cut into."""


class InMemory(Stream):
    """A split that fits in the device's memory is one chunk.

    Raises `UsageError` if the settings make no minibatch of it, or their augmentation cannot take
    its examples.
    """

    def __init__(self, split: Split, transform: Affine, settings: Loop):
        self._split, self._transform, self._settings = split, transform, settings
        self._steps = steps_in_epoch(settings, len(split))
        self._raw = jax.device_put((split.x, split.y))
        jax.eval_shape(settings.augmentation, split.x[:1], jax.random.key(0))

    @property
    def steps(self):
        return self._steps

    def first(self, count):
        raw = self._split.x, self._split.y
        x, y = jax.tree.map(lambda a: jnp.asarray(a[:count]), raw)
        return Examples(self._transform(x), y)

    def chunks(self, epoch, keys):
        order = jax.random.fold_in(keys.order, epoch)
        augmentation = jax.random.fold_in(keys.augmentation, epoch)
        rows = shuffled(order, len(self._split), self.steps, self._settings.batch_size)
        draws = jax.random.split(augmentation, self.steps)
        x, y = self._raw
        yield Chunk(x, y, rows, draws, self._transform, self._settings.augmentation)
