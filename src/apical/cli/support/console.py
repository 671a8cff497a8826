"""What the console shows of a run: its settings, its progress and what it came to."""

import dataclasses
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from apical.cli.support.flags import RunOptions
from apical.cli.support.terminal import bold, table
from apical.data import Dataset
from apical.errors import WriteError
from apical.networks.targets import TOP5
from apical.rules import Rule
from apical.runs.folder import RunFolder
from apical.runs.reading import unfinished
from apical.runs.score import Score
from apical.runs.writing import unwritable
from apical.settings import Loop, Settings
from apical.settings.stopping import over
from apical.training import Result, fit
from apical.training.events import Epoch, Event, Finished, Measuring, Started
from apical.training.first_layer import FirstLayer
from apical.training.hosts import first
from apical.training.listeners import TensorBoard
from apical.training.listeners.spec import Listening
from apical.values.arguments import words
from apical.values.duration import Duration
from apical.values.spelling import spell
from apical.values.value import Value


class Told(Protocol):
    """What a run leaves in memory, as far as the console shows it."""

    @property
    def summary(self) -> dict[str, Any]: ...

    @property
    def metrics(self) -> list[dict[str, Any]]: ...


Outcome = TypeVar("Outcome", bound=Told)


def run(
    rule: Rule,
    data: Dataset,
    settings: Settings,
    options: RunOptions,
    console: Console,
    init_from: FirstLayer | None = None,
) -> Result:
    """Train by a rule as the options say and tell the console about it."""
    score = Score(settings.target.score, percent=True)
    train = partial(fit, rule, data, settings, init_from=init_from)
    return follow(train, rule, settings, score, options, console)


def follow(
    train: Callable[..., Outcome],
    learned_by: Value,
    settings: Loop,
    score: Score,
    options: RunOptions,
    console: Console,
) -> Outcome:
    """Train as the options say and tell the console about it.

    `train` takes them by the names that `fit` has for them.
    """
    with ExitStack() as stack:
        face = Face(stack, console, learned_by, settings, score, options)
        asked = [*([TensorBoard()] if options.tensorboard else []), *options.listen]
        listeners: list[Listening] = [face, *(asked if first() else [])]
        try:
            result = train(
                seeds=options.seeds,
                seed=options.seed,
                together=options.together,
                out=options.out,
                resume=options.resume,
                overwrite=options.overwrite,
                checkpoint_seconds=options.checkpoint_seconds,
                devices=options.devices,
                shard_weights=options.shard_weights,
                listeners=listeners,
            )
        except WriteError as error:
            if options.out is None or not os.path.exists(options.out / "config.json"):
                raise
            raise WriteError(f"{error}; --resume goes on from the last checkpoint") from error
    if result.metrics:
        console.print(scores(result.summary, score))
    if options.out is not None:
        console.print(f"run: {options.out}", soft_wrap=True)
    if result.summary["status"] == "interrupted":
        if options.out is not None:
            console.print(
                "It was interrupted: the same command with --resume goes on "
                "(in place of --overwrite, if that was given)."
            )
        raise KeyboardInterrupt
    return result


def describe(settings: Loop) -> str:
    """All settings in one line, in the words of the command line."""
    shown = []
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value in (None, {}, ()):
            continue
        shown.append(f"{field.name.replace('_', '-')} {words(value)}")
    return ", ".join(shown)


def scores(summary: dict, score: Score) -> Table:
    """Score of every split, mean and standard deviation over the seeds."""
    heading = score.name + (", mean ± std over seeds" if summary["n_seeds"] > 1 else "")
    top5 = Score(TOP5, percent=True)
    told = [score, *([top5] if top5.metric("test") in summary else [])]
    headings = [heading, *(further.name for further in told[1:])]
    shown = table("split", *headings, title=f"{summary['spelled']} on {summary['data']}")
    for split in ("train", "val", "test"):
        found = [(each, summary.get(each.metric(split))) for each in told]
        cells = [_cell(each, spread) for each, spread in found if spread]
        if cells:
            shown.add_row(split, *cells)
    return shown


def _cell(score: Score, found: dict[str, Any]) -> str:
    return score.shown(found["mean"], found["std"] if len(found["list"]) > 1 else None)


@contextmanager
def seen() -> Iterator[None]:
    """What a listener shows. Raises `WriteError` if standard output cannot be written to."""
    try:
        yield
    except OSError as error:
        raise unwritable("standard output", error) from error


class Face:
    """The listener that shows a run's progress: a bar, or a line an epoch if no terminal."""

    def __init__(
        self,
        stack: ExitStack,
        console: Console,
        learned_by: Value,
        settings: Loop,
        score: Score,
        options: RunOptions,
    ):
        self._console, self._settings, self._options = console, settings, options
        self._label, self._score = spell(learned_by), score
        counted = "epochs" if options.seeds == 1 else f"epochs of {options.seeds} seeds"
        self._progress = stack.enter_context(bar(console, counted))
        self._total = settings.epochs * options.seeds
        self._measuring: float | None = None
        self._bar = self._progress.add_task(self._label, total=self._total, note="compiling")

    def __call__(self, event: Event) -> None:
        with seen():
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Started(config, done):
                # Of a small training set, the size of minibatches may not be the one asked for.
                size = config["settings"]["batch_size"]
                settings = dataclasses.replace(self._settings, batch_size=size)
                self._console.print(
                    bold(self._label, f" on {config['data']['name']}: {describe(settings)}"),
                    soft_wrap=True,
                )
                if done:
                    self._console.print(f"going on after {self._reached(done)}")
                elif self._options.resume:
                    self._console.print(f"{self._options.out}: nothing to go on with, a new run")
                self._total -= sum(self._left_by(event, s) for s in self._seeds)
                self._progress.update(self._bar, completed=done, total=self._total)
            case Epoch(number=0):
                pass
            case Epoch():
                note = _note(event, self._score)
                if event.stopped is not None:
                    self._total -= self._settings.epochs - event.number
                self._progress.update(self._bar, advance=1, note=note, total=self._total)
                if not self._console.is_terminal:
                    epochs = self._settings.epochs
                    self._console.print(
                        f"{self._label} seed {event.seed} epoch {event.number}/{epochs} {note}",
                        soft_wrap=True,
                    )
                if event.stopped is not None:
                    self._console.print(
                        f"{self._label} seed {event.seed} stopped after epoch {event.number}: "
                        f"{event.stopped}",
                        soft_wrap=True, highlight=False,
                    )  # fmt: skip
            case Measuring(seed, done, of):
                self._measuring = self._measuring or time.monotonic()
                each = (time.monotonic() - self._measuring) / max(done, 1)
                left = f", {Duration(max(1.0, (of - done) * each))} left" if done else ""
                note = f"measuring seed {seed}, {done + 1} of {of}{left}"
                self._progress.update(self._bar, note=note)
            case Finished():
                self._progress.update(self._bar, note="evaluated")

    @property
    def _seeds(self) -> range:
        return range(self._options.seed, self._options.seed + self._options.seeds)

    def _left_by(self, started: Started, seed: int) -> int:
        """The epochs that a seed will not take, since it was stopped in an earlier session."""
        rows = [r for r in started.rows if r["seed"] == seed and r["epoch"]]
        scores = [row.get(self._score.metric("val")) for row in rows]
        stopped = over(self._settings.stop, scores)
        return self._settings.epochs - len(rows) if stopped else 0

    def _reached(self, done: int) -> str:
        """How far a run of one seed or several has come."""
        epochs, seeds = self._settings.epochs, self._options.seeds
        if seeds == 1:
            return f"epoch {done} of {epochs}"
        return f"{done} of {self._total} epochs: {seeds} seeds, {epochs} each"


def _note(event: Epoch, score: Score) -> str:
    shown = [f"loss {event.metrics['train_loss']:.4f}", f"{score.name}:"]
    for split in ("train", "val"):
        value = score.shown(event.metrics[score.metric(split)])
        shown.append(f"{split} {value.replace(' ', '')}")
    shown.append(f"{event.metrics['seconds']:.2f} s")
    return " ".join(shown)


def bar(console: Console, counted: str) -> Progress:
    """How many of `counted` are done, time left, the task's `note`; nothing off a terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{counted}, left"),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
        disable=not console.is_terminal,
        # Epochs may take minutes: rich would forget each before the next has ended, and know no
        # time left. The first sample, which compiles, is not counted.
        speed_estimate_period=math.inf,
    )


def tell_if_unfinished(console: Console, run: Path) -> None:
    """A note on the console if the run has not ended in full."""
    if told := unfinished(RunFolder(run)):
        note = Text.assemble(("note:", "yellow"), f" {told}")
        console.print(note, soft_wrap=True)
