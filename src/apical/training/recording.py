"""Recording of a run: in memory alone, or in a folder that it can be resumed from."""

import math
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from apical.errors import UsageError
from apical.runs.best import Row, Snapshot, best, in_order
from apical.runs.checkpoints import Checkpoints
from apical.runs.environment import environment
from apical.runs.folder import RESTORE, RunFolder
from apical.runs.inputs import Inputs
from apical.runs.interrupts import held
from apical.runs.lock import locked
from apical.training.epoch import Progress
from apical.training.events import Epoch, Event, Finished, Started, Within
from apical.training.hosts import of_first
from apical.training.learner import Carry, Learner
from apical.training.trainer import Start
from apical.values.differences import differences


class Recording(ABC):
    """A listener that also knows what an earlier session of the same run left."""

    @abstractmethod
    def __call__(self, event: Event) -> None: ...

    @abstractmethod
    def run(self) -> str:
        """What the run is called, in every session."""

    @abstractmethod
    def recover(self, seeds: Iterable[int]) -> tuple[list[Row], list[Row]]:
        """The rows of the epochs that need not be run again, and of the networks before them."""

    @abstractmethod
    def resume(self, seed: int, carry: Carry) -> Start:
        """Where to begin a seed that starts with `carry`, or to go on with it."""

    @abstractmethod
    def flush(self) -> None:
        """Save the last finished epoch if it is not saved yet."""


class InMemory(Recording):
    """Leaves no trace."""

    def __call__(self, event):
        pass

    def run(self):
        return uuid.uuid4().hex

    def recover(self, seeds):
        return [], []

    def resume(self, seed, carry):
        return Start(seed, carry)

    def flush(self):
        pass


class InFolder(Recording):
    """Writes a run's folder; saves a checkpoint at most once in `every` seconds."""

    def __init__(
        self, folder: RunFolder, learner: Learner, every: float, inputs: Inputs | None = None
    ):
        self._folder, self._learner, self._every = folder, learner, every
        self._inputs = inputs
        self._checkpoints: dict[int, Checkpoints] = {}
        self._unsaved: dict[int, Epoch] = {}
        self._recovered: list[Row] = []
        # The best epoch so far of each seed, and what it left, held until it is saved.
        self._best: dict[int, Row] = {}
        self._kept: dict[int, Snapshot] = {}
        self._saved_at = time.monotonic()

    def __call__(self, event):
        # Ctrl-C in between would leave an epoch counted and not saved, or saved by half.
        with held():
            self._note(event)

    def _note(self, event: Event) -> None:
        match event:
            case Started(config, run=run):
                if not self._folder.exists:
                    told = {**environment(), "seed": config["seed"], "run": run}
                    self._folder.write("env.json", told)
                    self._folder.write("config.json", config)
                if self._inputs is not None:
                    self._inputs.write(self._folder.inputs)
            case Epoch(number=0):
                self._folder.append("initial.jsonl", event.row)
            case Epoch():
                self._folder.append("metrics.jsonl", event.row)
                self._compare(event)
                self._unsaved[event.seed] = event
                if time.monotonic() - self._saved_at > self._every:
                    self.flush()
            case Within() if time.monotonic() - self._saved_at > self._every:
                self.flush()
                at = (event.epoch, event.passes, event.progress.steps, round(1e3 * event.seconds))
                metrics = event.progress.step_by_step
                self._of(event.seed).save_within(at, event.progress.carry, metrics)
                self._saved_at = time.monotonic()
            case Finished(summary):
                # A run that was prolonged has its later epochs at the end, and seeds that trained
                # together have theirs in turn.
                for name in ("initial.jsonl", "metrics.jsonl"):
                    self._folder.keep(name, sorted(self._folder.rows(name), key=in_order))
                self._folder.write("summary.json", summary)

    def run(self):
        return self._folder.run() or uuid.uuid4().hex

    def recover(self, seeds):
        saved = {seed: self._of(seed).latest() for seed in seeds}
        rows = sorted(self._folder.rows("metrics.jsonl"), key=in_order)
        rows = [r for r in rows if r["epoch"] <= saved.get(r["seed"], math.inf)]
        found = [(r["seed"], r["epoch"]) for r in rows]
        expected = [(seed, e) for seed in saved for e in range(1, saved[seed] + 1)]
        if found != expected:
            raise UsageError(
                f"{self._folder.path / 'metrics.jsonl'}: expected the {len(expected)} epochs that "
                f"the checkpoints cover, found {len(found)}; {RESTORE}"
            )
        self._folder.keep("metrics.jsonl", rows)
        initial = [r for r in self._folder.rows("initial.jsonl") if saved.get(r["seed"], 0) > 0]
        self._folder.keep("initial.jsonl", initial)
        self._recovered = rows
        return rows, initial

    def resume(self, seed, carry):
        latest, within = self._of(seed).latest(), self._within(seed, carry)
        if not latest:
            return Start(seed, carry, within=within)
        rows = [row for row in self._recovered if row["seed"] == seed]
        metric = self._learner.metric("val")
        if (row := best(rows, metric)) is not None:
            self._best[seed] = row
        if (kept := self._of(seed).best(latest, self._learner.parameters(carry))) is not None:
            self._kept[seed] = kept
        scores = [row[metric] for row in rows]
        return Start(seed, self._of(seed).restore(latest, carry), latest, within, scores)

    def _within(self, seed: int, carry: Carry) -> Within | None:
        """Where an epoch was left that had begun."""
        if (found := self._of(seed).within(carry)) is None:
            return None
        (epoch, passes, steps, milliseconds), carry, metrics = found
        return Within(seed, epoch, passes, Progress(steps, carry, [metrics]), milliseconds / 1000)

    def flush(self):
        if self._unsaved:
            with held():
                # A power cut must not leave a checkpoint without the lines that it counts on.
                self._folder.settle("initial.jsonl")
                self._folder.settle("metrics.jsonl")
                for seed, epoch in [*self._unsaved.items()]:
                    self._of(seed).save(epoch.number, epoch.carry, self._kept.get(seed))
                    del self._unsaved[seed]
                self._saved_at = time.monotonic()

    def _compare(self, epoch: Epoch) -> None:
        row, seed = epoch.row, epoch.seed
        known = [self._best[seed]] if seed in self._best else []
        if best([*known, row], self._learner.metric("val")) is row:
            self._best[seed], self._kept[seed] = row, Snapshot(epoch.number, epoch.parameters)

    def _of(self, seed: int) -> Checkpoints:
        if seed not in self._checkpoints:
            self._checkpoints[seed] = self._folder.checkpoints(seed)
        return self._checkpoints[seed]


class OfFirst(Recording):
    """What the first of several hosts records, whose recording is `own` there; the others write
    nothing, and go on from what it has."""

    def __init__(self, own: Recording):
        self._own = own

    def __call__(self, event):
        self._own(event)

    def run(self):
        return of_first(self._own.run)

    def recover(self, seeds):
        return of_first(lambda: self._own.recover(seeds))

    def resume(self, seed, carry):
        def found() -> tuple[Any, ...]:
            start = self._own.resume(seed, carry)
            within = None
            if (at := start.within) is not None:
                progress = _arrays(at.progress.carry), at.progress.step_by_step
                within = at.epoch, at.passes, at.progress.steps, *progress, at.seconds
            return _arrays(start.carry), start.done, within, start.scores

        def of(arrays: list[np.ndarray]) -> Carry:
            return jax.tree.unflatten(jax.tree.structure(carry), arrays)

        arrays, done, within, scores = of_first(found)
        if within is None:
            return Start(seed, of(arrays), done, scores=scores)
        epoch, passes, steps, there, metrics, seconds = within
        progress = Progress(steps, of(there), [metrics])
        there_within = Within(seed, epoch, passes, progress, seconds)
        return Start(seed, of(arrays), done, there_within, scores)

    def flush(self):
        self._own.flush()


def _arrays(tree: Any) -> list[np.ndarray]:
    return [*map(np.asarray, jax.tree.leaves(tree))]


@contextmanager
def recording(
    out: Path | str | None,
    config: dict[str, Any],
    learner: Learner,
    inputs: Inputs,
    *,
    resume: bool,
    overwrite: bool,
    every: float,
) -> Iterator[Recording]:
    """Hold `out` for a run of this configuration by `learner`, of what reads `inputs`; of several
    hosts, the first does.

    Raises `UsageError` if it holds a run and neither `resume` nor `overwrite` is
    given, if the run to resume was asked for something else, or if another process writes it;
    `WriteError` if it cannot be written to, then or later.
    """
    holding = _recording(out, config, learner, inputs, resume, overwrite, every)
    if jax.process_count() == 1:
        with holding as own:
            yield own
        return
    with ExitStack() as stack:
        held: list[Recording] = [InMemory()]
        of_first(lambda: held.append(stack.enter_context(holding)))
        yield OfFirst(held[-1])


@contextmanager
def _recording(
    out: Path | str | None,
    config: dict[str, Any],
    learner: Learner,
    inputs: Inputs,
    resume: bool,
    overwrite: bool,
    every: float,
) -> Iterator[Recording]:
    """As `recording`, of one host."""
    if out is None:
        if resume or overwrite:
            raise UsageError("resume, overwrite: need a folder; name one with out")
        yield InMemory()
        return
    folder = RunFolder(out)
    if resume and overwrite:
        raise UsageError("resume, overwrite: they exclude each other; give one")
    if not folder.exists and (foreign := folder.foreign()):
        raise UsageError(
            f"out: {folder.path} holds no run but other files ({foreign[0]}, ...); "
            "choose a new or an empty folder"
        )
    if folder.exists and not (resume or overwrite):
        raise UsageError(
            f"out: {folder.path} already holds a run; choose another folder, "
            "or go on with resume, or replace it with overwrite"
        )
    with locked(folder.path, "apical train"):
        if folder.exists and resume:
            _take_up(folder, config, learner)
        else:
            folder.clear()
        yield InFolder(folder, learner, every, inputs)


def _take_up(folder: RunFolder, config: dict[str, Any], learner: Learner) -> None:
    """Refuse a run of another configuration; a shorter one gets the new number of epochs."""
    there = folder.config()
    had, asked = there["settings"]["epochs"], config["settings"]["epochs"]
    if asked > had:
        there = {**there, "settings": {**there["settings"], "epochs": asked}}
    if there["seeds"] == config["seeds"] and bool(there["together"]) != bool(config["together"]):
        was, remedy = ("", "add") if there["together"] else ("not ", "leave out")
        raise UsageError(
            f"resume: the seeds of the run in {folder.path} were {was}trained together, as one "
            f"program, and go on as they began; {remedy} together, or choose another folder"
        )
    if differing := differences(there=_placeless(there), now=_placeless(config)):
        raise UsageError(
            f"resume: {folder.path} holds a run of another configuration: "
            f"{differing}; repeat its command, or choose another folder"
        )
    if asked > had:
        if (reason := learner.bound_to_epochs) is not None:
            raise UsageError(
                f"resume: {folder.path} holds a run of {had} epochs, and {reason}, so that one of "
                f"{asked} is another run; choose another folder"
            )
        folder.prolong(config)


def _placeless(config: dict[str, Any]) -> dict[str, Any]:
    """Without the place of what the first layers began with, which may have been moved since."""
    if "init_from" not in config:
        return config
    sources = {
        seed: {name: value for name, value in source.items() if name != "run"}
        for seed, source in config["init_from"].items()
    }
    return {**config, "init_from": sources}
