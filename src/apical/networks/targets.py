"""Targets that a network is trained towards, and the scores of its outputs.

Labels are encoded as targets and outputs decoded to labels here, whatever asks for it.
"""

import math
from abc import abstractmethod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from apical.networks.losses import Loss
from apical.values.value import Value

Outputs = Float[Array, "batch units"]


class Target(Value):
    """What y of an example is, and a score of outputs, which is 1 where all are right.

    A batch leaves a tally, whose arrays have a leading axis of length 1. The score of several
    batches is read off their tallies put one after the other, so that no split need fit in memory.
    """

    @property
    @abstractmethod
    def score(self) -> str:
        """What the score is called."""

    @property
    @abstractmethod
    def shortfall(self) -> str:
        """What it lacks to 1 is called."""

    def metric(self, split: str) -> str:
        """The score's name where a run's numbers are kept."""
        return f"{split}_{self.score.replace(' ', '_')}"

    @abstractmethod
    def units(self, loss: Loss, shape: tuple[int, ...], n_classes: int) -> int:
        """How many output units that takes, for examples of a shape."""

    @abstractmethod
    def __call__(
        self, x: Float[Array, "batch ..."], labels: Int[Array, " batch"], units: int
    ) -> Outputs:
        """y, from the network's inputs and labels."""

    @abstractmethod
    def tally(self, output: Outputs, y: Outputs, mask: Bool[Array, " batch"]) -> PyTree:
        """What the examples of the mask add to the score."""

    @abstractmethod
    def grade(self, tallies: PyTree, examples: int) -> Float[Array, ""]:
        """The score of so many examples."""

    def further(self, tallies: PyTree, examples: int) -> dict[str, Float[Array, ""]]:
        """Further scores of theirs, by their names."""
        return {}


class Met(NamedTuple):
    """Examples whose label is met."""

    first: Float[Array, " batches"]
    """By the largest output."""
    among: Float[Array, " batches"] | None = None
    """By one of the `TOP` largest; None: of few classes it is not told."""


TOP, MANY = 5, 50
"""How many outputs are looked at, where there are so many classes or more."""
TOP5 = "top5 accuracy"


class Label(Target):
    """The label, encoded. The score is accuracy, the part of the examples whose label is met.

    Of many classes, top5 accuracy is told too: the part whose label is among the five largest
    outputs, the earlier of equals before the later.
    """

    @property
    def score(self):
        return "accuracy"

    @property
    def shortfall(self):
        return "error"

    def units(self, loss, shape, n_classes):
        return loss.units(n_classes)

    def __call__(self, x, labels, units):
        return encode(labels, units)

    def tally(self, output, y, mask):
        first = jnp.sum(mask * (decode(output) == decode(y)), keepdims=True)
        if output.shape[-1] < MANY:
            return Met(first)
        return Met(first, jnp.sum(mask * (_rank(output, decode(y)) < TOP), keepdims=True))

    def grade(self, tallies, examples):
        return tallies.first.sum() / examples

    def further(self, tallies, examples):
        return {} if tallies.among is None else {TOP5: tallies.among.sum() / examples}


def _rank(output: Outputs, labels: Int[Array, " batch"]) -> Int[Array, " batch"]:
    """How many outputs come before the label's, by size and then by number."""
    of_label = jnp.take_along_axis(output, labels[:, None], axis=1)
    earlier = jnp.arange(output.shape[1]) < labels[:, None]
    return jnp.sum((output > of_label) | ((output == of_label) & earlier), axis=1)


class Input(Target):
    """The network's input, flattened: an autoencoder.

    The score is the explained variance 1 - sum |o - y|^2 / sum |y - m|^2, with m the mean y of the
    examples: 0 for a network that always gives m, 1 for perfect reconstruction, negative for worse
    than m. nan if the examples do not differ, as one alone.
    """

    @property
    def score(self):
        return "explained variance"

    @property
    def shortfall(self):
        return "unexplained variance"

    def units(self, loss, shape, n_classes):
        return math.prod(shape)

    def __call__(self, x, labels, units):
        return x.reshape(x.shape[0], units)

    def tally(self, output, y, mask):
        kept, examples = mask[:, None], mask.sum()
        mean = jnp.sum(kept * y, axis=0) / examples
        residual, within = jnp.sum(kept * (output - y) ** 2), jnp.sum(kept * (y - mean) ** 2)
        return jax.tree.map(lambda a: a[None], Spread(residual, within, mean, examples))

    def grade(self, tallies, examples):
        centre = tallies.examples @ tallies.mean / examples
        between = tallies.examples @ ((tallies.mean - centre) ** 2).sum(axis=1)
        spread = tallies.within.sum() + between
        return 1 - tallies.residual.sum() / jnp.where(spread > 0, spread, jnp.nan)


class Spread(NamedTuple):
    """Squared distances within each of several batches."""

    residual: Float[Array, " batches"]
    """sum |o - y|^2."""
    within: Float[Array, " batches"]
    """sum |y - mean|^2."""
    mean: Float[Array, "batches units"]
    """The mean y of a batch."""
    examples: Int[Array, " batches"]


# A loss may give two classes a single output unit (`Loss.units`), which stands for the second of
# them. What follows from that is written here and nowhere else.


def encode(labels: Int[Array, " batch"], units: int) -> Outputs:
    """One-hot rows; for a single output unit the label itself, 0 or 1, as a column."""
    return labels[:, None].astype(float) if units == 1 else jax.nn.one_hot(labels, units)


def class_scores(outputs: Outputs) -> Float[Array, "batch classes"]:
    """The output of each class; a single unit's p are the scores 1 - p and p of two classes."""
    return jnp.concatenate([1 - outputs, outputs], axis=-1) if _single(outputs) else outputs


def class_logits(a: Float[Array, "batch units"]) -> Float[Array, "batch classes"]:
    """The output preactivation of each class; a single unit's a are 0 and a of two classes.

    As sigmoid(a) is the second entry of softmax((0, a)).
    """
    return jnp.concatenate([jnp.zeros_like(a), a], axis=-1) if _single(a) else a


def decode(outputs: Outputs) -> Int[Array, " batch"]:
    """The class of the highest score, the first of equals."""
    return jnp.argmax(class_scores(outputs), axis=-1).astype(jnp.int32)


def _single(outputs: Outputs) -> bool:
    return outputs.shape[-1] == 1
