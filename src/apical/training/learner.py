"""The interface of a learner, which starts, takes steps, answers, and can be scored.

Training, recording and selection know this interface and nothing of labels, losses or rules.
Supervised learning by a rule is one such learner (`supervised`).
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any, TypeAlias

import equinox as eqx
import jax
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

Carry: TypeAlias = Any
"""A tree of arrays: all that goes from one step to the next."""
Parameters: TypeAlias = Any
"""The part of a carry that answers inputs."""
Pass = tuple[Hashable, ...]
"""The turns that each minibatch is used for, one after the other, in a pass over all of them."""
Plan = tuple[Pass, ...]
"""The passes of an epoch, over the same minibatches in the same order."""


class Examples(eqx.Module):
    """Some examples, preprocessed, and what belongs to each of them."""

    x: Float[Array, "examples ..."]
    y: PyTree
    """Labels, shape (examples,); None for a learner that needs none."""


class Keys(eqx.Module):
    """Independent streams of randomness of one seed, so that every learner of a comparison meets
    the same initial weights and the same data in the same order."""

    net: PRNGKeyArray
    rule: PRNGKeyArray
    order: PRNGKeyArray
    step: PRNGKeyArray
    augmentation: PRNGKeyArray

    @classmethod
    def of(cls, seed: int) -> "Keys":
        return cls(*jax.random.split(jax.random.key(seed), 5))


class Learner(ABC):
    """Frozen and hashable: equal learners share what is compiled for them."""

    @property
    @abstractmethod
    def about(self) -> dict[str, str]:
        """What a run's summary says it was."""

    @property
    @abstractmethod
    def remedy(self) -> str:
        """What to change if training diverges, as in "lower lr (now 1)"."""

    @property
    @abstractmethod
    def bound_to_epochs(self) -> str | None:
        """Why what it does in an epoch depends on how many there are; None if it does not.

        Only then may a run go on for more epochs than it was asked for.
        """

    @abstractmethod
    def metric(self, split: str) -> str:
        """The name of its score on a split. The epoch of highest `metric("val")` is the best."""

    @abstractmethod
    def check(self, examples: Examples) -> None:
        """Raises `UsageError` if it cannot learn from such examples."""

    @abstractmethod
    def start(self, examples: Examples, keys: Keys) -> Carry:
        """The carry before the first step. `examples` shows shapes; its values are zeros."""

    @abstractmethod
    def plan(self, carry: Carry) -> Plan:
        """The passes of an epoch and their turns; of the carry, shapes are enough."""

    @abstractmethod
    def step(
        self, turn: Any, carry: Carry, examples: Examples, key: PRNGKeyArray
    ) -> tuple[Carry, dict[str, Float[Array, ""]]]:
        """One turn on one minibatch, and its metrics, with `train_loss` among them."""

    @abstractmethod
    def after_epoch(self, carry: Carry) -> Carry:
        """The carry when an epoch is over; its arrays may have an axis of lanes first."""

    @abstractmethod
    def parameters(self, carry: Carry) -> Parameters:
        """What answers, and what is kept of the best epoch."""

    @abstractmethod
    def answer(self, parameters: Parameters, x: Float[Array, "examples ..."]) -> PyTree:
        """The outputs for preprocessed inputs."""

    @abstractmethod
    def tally(
        self, parameters: Parameters, examples: Examples, mask: Bool[Array, " examples"]
    ) -> PyTree:
        """What the examples of the mask add to the scores; arrays with a leading axis of 1."""

    @abstractmethod
    def grade(self, tallies: PyTree, split: str, count: int) -> dict[str, float]:
        """The metrics of a split of so many examples, from all its tallies one after the other.

        None at all are those of an empty split.
        """

    @abstractmethod
    def bytes_per_example(self, parameters: Parameters) -> int:
        """Memory that answering takes at the most for one example, for the size of chunks."""

    @abstractmethod
    def diagnose(self, carry: Carry, examples: Examples, key: PRNGKeyArray) -> dict[str, Any]:
        """Further measurements after an epoch, JSON-ready, on the first training examples."""

    @abstractmethod
    def diagnosing(
        self, carry: Carry, examples: Examples, key: PRNGKeyArray
    ) -> list[jax.stages.Lowered]:
        """The programs that `diagnose` runs, lowered for arrays or for their shapes."""

    @abstractmethod
    def sizes(self, carry: Carry) -> dict[str, Array]:
        """The largest magnitude in each part of what was learned, nan if one is."""

    @abstractmethod
    def sizes_within(self, carry: Carry, examples: Examples, key: PRNGKeyArray) -> dict[str, Array]:
        """The largest magnitude of every value that arises in a step, in the order of arising."""
