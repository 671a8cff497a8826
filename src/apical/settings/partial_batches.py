"""Policies for a last minibatch that is not full."""

from abc import abstractmethod

from apical.values.value import Value


class PartialBatch(Value):
    """How many minibatches a shuffle of the training set is cut into.

    !!! example

        >>> [policy.batches(examples=25, size=10) for policy in (Drop(), Wrap())]
        [2, 3]
    """

    @abstractmethod
    def batches(self, examples: int, size: int) -> int:
        """The minibatches of `size` that so many examples make, `size` or more."""


class Drop(PartialBatch):
    """It is left out of this epoch."""

    def batches(self, examples, size):
        return examples // size


class Wrap(PartialBatch):
    """It is filled up from the beginning of the shuffle."""

    def batches(self, examples, size):
        return -(-examples // size)
