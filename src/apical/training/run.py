"""Every seed of a run: trained, told to listeners, and summarised."""

import math
import time
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from apical.errors import ApicalError, DivergenceError, UsageError, WriteError
from apical.runs import interrupts
from apical.runs.best import in_order
from apical.runs.summary import summarise
from apical.settings.stopping import over
from apical.training.events import (
    Broken,
    Epoch,
    Event,
    Finished,
    Listener,
    Measuring,
    Started,
    Within,
)
from apical.training.learner import Carry
from apical.training.recording import Recording
from apical.training.trainer import Start, Trainer

SLOWER = 1.5
"""So many times the last epoch's time is what the next may take at the most."""


@dataclass(frozen=True)
class Outcome:
    """What the seeds of a run came to."""

    summary: dict[str, Any]
    rows: list[dict[str, Any]]
    """One a seed and epoch."""
    initial: list[dict[str, Any]]
    """One a seed, before the first step."""
    carries: dict[int, Carry]
    """By seed, after the last epoch."""

    @property
    def ended(self) -> dict[int, int]:
        """The last epoch of each seed."""
        return dict(zip(self.summary["seeds"], self.summary["epochs"], strict=True))


class Session:
    """The seeds that have one summary, going on from what the recorder has of them."""

    def __init__(
        self,
        trainer: Trainer,
        config: dict[str, Any],
        seeds: Sequence[int],
        recorder: Recording,
        listeners: Iterable[Listener] = (),
    ):
        self.seeds, self.recorder = seeds, recorder
        self._trainer, self._config = trainer, config
        self._audience = list(listeners)
        self._last: dict[int, Carry] = {}
        self._over = False

    def begin(self) -> None:
        """Find what is there, and tell that it goes on from it."""
        self._rows, self._initial = self.recorder.recover(self.seeds)
        found = sorted([*self._initial, *self._rows], key=in_order)
        done, run = len(self._rows), self.recorder.run()
        self._tell(Started(self._config, done, run, self._about, found))

    def start(self, seed: int) -> Start:
        """Where a seed begins or goes on."""
        start = self.recorder.resume(seed, self._trainer.begin(seed))
        if start.done:
            self._last[seed] = jax.tree.map(np.array, start.carry)
        return start

    def note(self, epoch: Epoch | Within) -> None:
        """Keep and tell a finished epoch of one of the seeds, or tell how far another has come."""
        if isinstance(epoch, Within):
            self._tell(epoch)
            return
        if epoch.number:
            self._last[epoch.seed] = epoch.carry
        (self._rows if epoch.number else self._initial).append(epoch.row)
        self._tell(epoch)

    def end(self, status: str) -> Outcome:
        """Save and summarise, after `status`; where another session's seed diverged, its own
        have ended in full."""
        self.recorder.flush()
        for rows in (self._rows, self._initial):
            rows.sort(key=in_order)
        learner = self._trainer.learner
        last = {seed: self._last[seed] for seed in self.seeds if seed in self._last}
        finals: dict[int, dict[str, float]] = {}
        for seed, carry in last.items():
            self._tell(Measuring(seed, len(finals), len(last)))
            finals[seed] = self._trainer.measure(learner.parameters(carry))
        reached = {(row["seed"], row["epoch"]) for row in self._rows}
        whole = {s for s in self.seeds if (s, self._trainer.epochs) in reached}
        stopped = {s: None if s in whole else self._stopped(s) for s in self.seeds}
        if status == "diverged" and all(s in whole or stopped[s] for s in self.seeds):
            status = "finished"
        summary = summarise(self._about, status, finals, self._rows, learner.metric)
        if self._trainer.stop:
            summary["stopped"] = [stopped[seed] for seed in finals]
        self._over = True
        self._tell(Finished(summary))
        return Outcome(summary, self._rows, self._initial, last)

    def _stopped(self, seed: int) -> str | None:
        """Why a seed was stopped, if it was."""
        metric = self._trainer.learner.metric("val")
        rows = sorted((row for row in self._rows if row["seed"] == seed), key=in_order)
        return over(self._trainer.stop, [row.get(metric) for row in rows])

    @property
    def _about(self) -> dict[str, str]:
        return {**self._trainer.learner.about, "data": self._config["data"]["name"]}

    def break_off(self) -> None:
        """Tell that an error has ended it, if it has not come to its end."""
        if not self._over:
            for listener in self._audience:
                with suppress(Exception):  # of which one is told already
                    listener(Broken())

    def _tell(self, event: Event) -> None:
        self.recorder(event)
        for listener in [*self._audience]:
            try:
                listener(event)
            except ApicalError:
                with suppress(WriteError):  # a full disk may be what the listener met
                    self.recorder.flush()
                raise
            except Exception as error:  # whatever the listener's code raises
                told = f"listener {called(listener)}: {type(error).__name__}: {error}".splitlines()
                if isinstance(event, Started):
                    raise UsageError(f"{told[0]}; mend it or leave it out") from error
                self._audience.remove(listener)
                warnings.warn(f"{told[0]}; the run goes on without it", stacklevel=1)


def called(listener: Listener) -> str:
    """The name of a function, or of the class of an object."""
    return getattr(listener, "__qualname__", type(listener).__name__)


def run(
    trainer: Trainer,
    config: dict[str, Any],
    seeds: range,
    recorder: Recording,
    listeners: Iterable[Listener] = (),
    *,
    together: bool = False,
) -> Outcome:
    """Train every seed, one after the other or all together, as one program.

    Raises `DivergenceError` after the last good epoch was saved; seeds that train together with one
    that diverges end first, those that would come after it do not begin. Ctrl-C ends the run early,
    with status "interrupted".
    """
    session = Session(trainer, config, seeds, recorder, listeners)
    (outcome,) = run_all(trainer, [session], [seeds] if together else [[s] for s in seeds])
    return outcome


def run_all(
    trainer: Trainer,
    sessions: Sequence[Session],
    groups: Sequence[Sequence[int]],
    until: float = math.inf,
) -> list[Outcome]:
    """As `run`, for the seeds of several sessions, which no two share; each group is a program.

    Ends as by Ctrl-C before an epoch that would not have ended by `until`, a time of
    `time.monotonic`; a first epoch is always begun.
    """
    try:
        return _run_all(trainer, sessions, groups, until)
    except BaseException:
        for session in sessions:
            session.break_off()
        raise


def _run_all(
    trainer: Trainer,
    sessions: Sequence[Session],
    groups: Sequence[Sequence[int]],
    until: float,
) -> list[Outcome]:
    of = {seed: session for session in sessions for seed in session.seeds}
    status, trouble = "finished", None
    for session in sessions:
        session.begin()
    try:
        for group in groups:
            began = time.monotonic()
            for ended in trainer.train([of[seed].start(seed) for seed in group]):
                if isinstance(ended, Within):
                    of[ended.seed].note(ended)
                    if interrupts.asked():
                        raise KeyboardInterrupt
                    continue
                for epoch in ended:
                    of[epoch.seed].note(epoch)
                now = time.monotonic()
                further = any(e.number < trainer.epochs and e.stopped is None for e in ended)
                late = now + SLOWER * (now - began) > until
                if further and (late or interrupts.asked()):
                    raise KeyboardInterrupt
                began = now
                del ended  # or its carries would outlive the next epoch's
            for session in sessions:
                session.recorder.flush()
    except KeyboardInterrupt:
        if trainer.devices.hosts > 1:  # the others did not hear it, and would not measure
            for session in sessions:
                session.recorder.flush()
            raise
        status = "interrupted"
    except DivergenceError as error:
        status, trouble = "diverged", error
    outcomes = [session.end(status) for session in sessions]
    if trouble is not None:
        raise trouble
    return outcomes
