"""Streams of minibatches: a pass is chunks, each on the device as a whole."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from apical.data import Split
from apical.data.augmentation import Augmentation
from apical.data.image_files.ahead import ahead
from apical.data.image_files.rows import ImageRows
from apical.data.preprocessing import Affine
from apical.errors import UsageError
from apical.settings import Loop
from apical.training.devices import Devices
from apical.training.lanes import Lanes
from apical.training.learner import Examples, Keys
from apical.training.order import shuffled, steps_in_epoch

CHUNK = 2**26
"""Bytes of a chunk of images."""


class Chunk(eqx.Module):
    """Raw examples, and which of them make up each of some minibatches.

    They are made ready within the compiled step: augmented, then preprocessed.
    """

    x: Array
    """Raw examples, (examples, *shape), or minibatches of them, (steps, size, *shape)."""
    y: PyTree
    """What belongs to each, arrays of shape (examples, ...), or (steps, size, ...)."""
    order: Int[Array, "steps *lanes size"] | Int[Array, " steps"]
    keys: PRNGKeyArray
    """Of each minibatch's augmentation, shape (steps, *lanes)."""
    transform: Affine
    augmentation: Augmentation = eqx.field(static=True)

    def minibatch(self, rows: Int[Array, "..."], key: PRNGKeyArray) -> Examples:
        """The examples of these rows, or the minibatch of this number, made ready."""
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

    @property
    @abstractmethod
    def shapes(self) -> Chunk:
        """The shapes of a chunk's arrays."""

    @property
    @abstractmethod
    def ahead(self) -> tuple[int, int]:
        """Bytes of examples that training adds to those that are there, on device and host."""

    @abstractmethod
    def first(self, count: int) -> Examples:
        """The first so many examples, or all if there are fewer; preprocessed, not augmented."""

    @abstractmethod
    def chunks(
        self, epoch: int, keys: Keys, done: int = 0, devices: Devices = Devices()
    ) -> Iterator[Chunk]:
        """The minibatches of an epoch; the same at every call, whatever they are cut into.

        `done` are left out, the first ones, which end with a chunk. `devices` are those that share
        each minibatch: of several hosts, each need read no more than its own part.
        """


def rows_of(shape: tuple[int, ...], like: PyTree) -> PyTree:
    """The shapes of arrays of rows like those of arrays, or of image files."""
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct((*shape, *a.shape[1:]), a.dtype), like)


def streamed(split: Split, transform: Affine, settings: Loop) -> Stream:
    """The stream of a split: of arrays, or of image files."""
    kind = FromFiles if isinstance(split.x, ImageRows) else InMemory
    return kind(split, transform, settings)


class OfSplit(Stream):
    """A split, shuffled anew for every epoch.

    Raises `UsageError` if the settings make no minibatch of it, or their augmentation cannot take
    its examples.
    """

    def __init__(self, split: Split, transform: Affine, settings: Loop):
        self._split, self._transform, self._settings = split, transform, settings
        self._steps = steps_in_epoch(settings, len(split))
        one = jax.ShapeDtypeStruct((1, *split.x.shape[1:]), split.x.dtype)
        jax.eval_shape(settings.augmentation, one, jax.random.key(0))

    @property
    def steps(self):
        return self._steps

    @property
    @abstractmethod
    def _steps_at_once(self) -> int:
        """Minibatches of a chunk."""

    @property
    @abstractmethod
    def _examples(self) -> PyTree:
        """Raw examples of a chunk and their labels, or their shapes."""

    @property
    @abstractmethod
    def _order(self) -> Int[Array, "steps ..."]:
        """As that of a chunk, in shape and type."""

    @property
    def shapes(self):
        def chunk(x, y):
            draws = jax.random.split(jax.random.key(0), self._steps_at_once)
            return self._chunk(x, y, self._order, draws)

        return jax.eval_shape(chunk, *self._examples)

    def first(self, count):
        x = self._transform(np.asarray(self._split.x[:count]))
        # Copied, since JAX may share the memory of what it is given.
        y = jax.tree.map(lambda a: np.array(a[:count]), self._split.y)
        return Examples(x, jax.device_put(y))

    def _shuffled(self, epoch: int, keys: Keys) -> Int[Array, "steps size"]:
        """The rows of each minibatch."""
        order = jax.random.fold_in(keys.order, epoch)
        return shuffled(order, len(self._split), self.steps, self._settings.batch_size)

    def _chance(self, epoch: int, keys: Keys) -> PRNGKeyArray:
        """The key of all that is drawn for the examples."""
        return jax.random.fold_in(keys.augmentation, epoch)

    def _chunk(self, x: Array, y: Array, rows: Array, draws: PRNGKeyArray) -> Chunk:
        return Chunk(x, y, rows, draws, self._transform, self._settings.augmentation)


class InMemory(OfSplit):
    """A split that fits in the device's memory is one chunk."""

    def __init__(self, split: Split, transform: Affine, settings: Loop):
        super().__init__(split, transform, settings)
        self._raw = jax.device_put((split.x, split.y))

    @property
    def _steps_at_once(self):
        return self.steps

    @property
    def _examples(self):
        return self._raw

    @property
    def _order(self):
        return jnp.zeros((self.steps, self._settings.batch_size), jnp.int32)

    @property
    def ahead(self):
        return 0, 0

    def chunks(self, epoch, keys, done=0, devices=Devices()):
        draws = jax.random.split(self._chance(epoch, keys), self.steps)
        x, y = self._raw
        yield self._chunk(x, y, self._shuffled(epoch, keys), draws)


class FromFiles(OfSplit):
    """Image files are decoded some minibatches at a time, while the device works on those before.

    The frame of an image depends on the seed, the epoch and the image alone.
    """

    @property
    def _steps_at_once(self):
        # A divisor of their number, so that all chunks are alike.
        bytes_ = self._settings.batch_size * math.prod(self._split.x.shape[1:])
        most = min(max(1, CHUNK // bytes_), self.steps)
        return max(d for d in range(1, most + 1) if self.steps % d == 0)

    @property
    def _examples(self):
        shape, split = (self._steps_at_once, self._settings.batch_size), self._split
        return rows_of(shape, split.x), rows_of(shape, split.y)

    @property
    def _order(self):
        return jnp.arange(self._steps_at_once, dtype=jnp.int32)

    @property
    def ahead(self):
        chunk = sum(a.size * a.dtype.itemsize for a in self._examples)
        return 2 * chunk, 2 * chunk

    def chunks(self, epoch, keys, done=0, devices=Devices()):
        of_epoch = self._chance(epoch, keys)
        draws = jax.random.split(of_epoch, self.steps)
        seed = int.from_bytes(np.asarray(jax.random.key_data(of_epoch)).tobytes())

        def chance(row: int) -> np.random.Generator:
            return np.random.Generator(np.random.Philox(key=(seed << 64) + row))

        def read(rows: np.ndarray) -> np.ndarray:
            frames = self._split.x[rows.ravel()].drawn(chance)
            return frames.reshape(*rows.shape, *frames.shape[1:])

        at_once, order = self._steps_at_once, self._order
        ours = devices.part(self._settings.batch_size)
        parts = np.asarray(self._shuffled(epoch, keys))[:, ours].reshape(
            self.steps // at_once, at_once, -1
        )
        parts, each = parts[done // at_once :], draws.reshape(-1, at_once)[done // at_once :]
        for part, x, these in zip(parts, ahead(read, parts), each, strict=True):
            frames, labels = devices.join((x, self._split.y[part]), axis=1)
            yield self._chunk(frames, labels, order, these)
