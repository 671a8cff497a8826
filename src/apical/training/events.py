"""Events that a run tells its listeners."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apical.training.epoch import Progress
from apical.training.learner import Carry, Parameters


@dataclass(frozen=True)
class Started:
    """A run begins, or goes on after `done` epochs that earlier sessions finished."""

    config: dict[str, Any]
    done: int


@dataclass(frozen=True)
class Epoch:
    """One finished epoch of one seed. Epoch 0 is before the first step."""

    seed: int
    number: int
    metrics: dict[str, Any]
    carry: Carry
    """On the host, so that later epochs leave it as it is."""
    parameters: Parameters
    """The part of it that answers."""

    @property
    def row(self) -> dict[str, Any]:
        """JSON-ready: a line of metrics.jsonl."""
        return {"seed": self.seed, "epoch": self.number, **self.metrics}


@dataclass(frozen=True)
class Within:
    """How far a seed has come in an epoch of several chunks."""

    seed: int
    epoch: int
    passes: int
    """Passes of the epoch that are over."""
    progress: Progress
    """Of the one after them; the next step takes its carry away."""
    seconds: float
    """Since the epoch began, over all sessions."""


@dataclass(frozen=True)
class Finished:
    """A run has ended, in full or early."""

    summary: dict[str, Any]


Event = Started | Epoch | Within | Finished
Listener = Callable[[Event], None]
