"""Events that a run tells its listeners, and what it promises them.

A listener is anything that may be called with an event: a function, or an object that remembers.

- It hears `Started`, then of each seed its epochs in order, epoch 0 first, then `Finished`. Seeds
  come one after the other, or in turn if they train together. `Within` comes between the chunks of
  an epoch that has several. There will be further kinds: pass over what you do not know.
- An event comes after the run has recorded it, in the process that trains, which waits.
- A run that is resumed begins with `Started` again, of the same `run`, with all `rows` that count.
  A session that was killed may have told of later epochs: they are trained, and told, once more.
  So a listener that keeps rows has each once if it begins with those of `Started`.
- What it raises loses no epoch. An `ApicalError` ends the run after the last epoch was saved, and
  `KeyboardInterrupt` as Ctrl-C does. Of any other exception a warning tells; the run goes on, and
  the listener hears no more of it. If that was at `Started`, the run does not begin.
- `Measuring` comes before `Finished`, once a seed: its last network is measured on every split.
- A run that an error ends tells of `Broken` in place of `Finished`; one that is killed, of nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apical.training.epoch import Progress
from apical.training.learner import Carry, Parameters


@dataclass(frozen=True)
class Started:
    """A run begins, or goes on after `done` epochs that earlier sessions finished."""

    config: dict[str, Any]
    """As in config.json."""
    done: int
    run: str
    """Its name: another for every run, the same when it is resumed."""
    about: dict[str, str]
    """As in summary.json: what is trained, as `spelled`, and on which `data`."""
    rows: list[dict[str, Any]]
    """Of the epochs that earlier sessions finished, epochs 0 included, by seed."""


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
    stopped: str | None = None
    """Why it is the seed's last, if it was stopped before the last of all."""

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
class Measuring:
    """A seed's last network is about to be measured on every split."""

    seed: int
    done: int
    """Seeds that were measured before."""
    of: int
    """Seeds that are measured in all."""


@dataclass(frozen=True)
class Finished:
    """A run has ended, in full or early."""

    summary: dict[str, Any]
    """As in summary.json; its `status` is finished, interrupted or diverged."""


@dataclass(frozen=True)
class Broken:
    """A run was ended by an error, such as a full disk; it may be resumed."""


Event = Started | Epoch | Within | Measuring | Finished | Broken
Listener = Callable[[Event], None]
