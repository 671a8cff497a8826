"""Experiments: what is trained for a paper, and each seed's run of it."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from apical.data import Dataset, load
from apical.errors import UsageError
from apical.reproduce.examination import Examination
from apical.reproduce.pool import Job
from apical.rules import Rule
from apical.runs.folder import RunFolder
from apical.settings import Settings
from apical.training.fit import fit_apart
from apical.values.spelling import decode


@dataclass(frozen=True)
class Experiment:
    """One line of a figure or one cell of a table. Every seed of it is a run of its own.

    **Arguments:**

    - `name`: unique within the paper; claims refer to it, and runs are in a folder of this name.
    - `data`: a data set by name, and `classes` of it by number; none given: all of them.

    !!! example

        >>> from apical import FA, Settings
        >>> wide = Experiment("fa-500", FA(), Settings(hidden=(500,)), most_seeds=3)
        >>> wide.with_settings(epochs=2).settings.epochs
        2
        >>> list(wide.seeds(5))
        [0, 1, 2]
    """

    name: str
    rule: Rule
    settings: Settings
    data: str = "mnist"
    classes: tuple[int, ...] = ()
    per_class: int | None = None
    """Train on the first so many examples of each class; None: on all."""
    examinations: tuple[Examination, ...] = ()
    """What is measured on its finished runs."""
    most_seeds: int | None = None
    """Run no more seeds than this, however many are asked for."""
    value: float = 0.0
    """What its runs are worth beside those of other experiments, where there is no time for all:
    the most valuable are begun first, equals in the order in which they are listed."""

    def with_settings(self, **changes: Any) -> "Experiment":
        """The same experiment with these fields of its settings changed."""
        return replace(self, settings=replace(self.settings, **changes))

    def seeds(self, asked: int) -> range:
        """The seeds to run, where so many are asked for."""
        return range(asked if self.most_seeds is None else min(asked, self.most_seeds))


@dataclass(frozen=True)
class Run(Job):
    """One seed of an experiment and the folder it belongs in.

    Trained by itself; `Together` trains several.
    """

    experiment: Experiment
    seed: int
    folder: Path

    @property
    def label(self) -> str:
        return f"{self.experiment.name} seed {self.seed}"

    @property
    def value(self) -> float:
        return self.experiment.value

    def seconds(self) -> float | None:
        """By the epochs that the experiment's runs have here; its own, if it was begun."""
        own = _rows(self.folder)
        every = own or [r for f in self.folder.parent.glob("seed-*") for r in _rows(f)]
        if not every:
            return None
        epoch = statistics.median(row["seconds"] + row["seconds_measuring"] for row in every)
        done = max((row["epoch"] for row in own), default=0)
        return max(0, self.experiment.settings.epochs - done) * epoch

    def finished(self) -> bool:
        """Whether the folder holds this run, ended in full or by diverging, which is an outcome.

        Raises `UsageError` if it holds another run.
        """
        stored = RunFolder(self.folder)
        if not stored.exists:
            return False
        config = stored.config()
        same = self._described(config) == (self.experiment, self.seed)
        if not same or (self.experiment.classes and config["data"]["classes"] != self._classes()):
            raise UsageError(
                f"{self.folder}: holds another run than {self.label} is now; choose another --out "
                "or delete that folder"
            )
        return stored.finished or stored.diverged

    def _described(self, config: dict[str, Any]) -> tuple[Experiment, int]:
        """The experiment that a run's config.json tells of, and its seed.

        Read as values, so that a field which a rule has gained since has its default.
        """
        stored = replace(
            self.experiment,
            rule=decode(config["rule"]),
            settings=Settings.from_json(config["settings"]),
            data=config["data"]["name"],
        )
        return stored, config["seed"]

    def _classes(self) -> list[str]:
        """The names of the classes it trains on."""
        names = _data(self.experiment.data, (), None).classes
        return [names[c] for c in self.experiment.classes]

    def execute(self, until: float = math.inf) -> dict[str, Any]:
        """Train, going on from what an earlier session left; the status."""
        return _train([self], until)

    def program(self) -> tuple[int, ...] | None:
        """The seeds that it trains together with, none if alone; None if it was not begun."""
        stored = RunFolder(self.folder)
        return tuple(stored.config()["together"]) if stored.exists else None

    def beside(self, seed: int) -> "Run":
        """The run of another seed."""
        return replace(self, seed=seed, folder=self.folder.with_name(f"seed-{seed}"))


@dataclass(frozen=True)
class Together(Job):
    """Runs of one experiment that train as one program."""

    runs: tuple[Run, ...]

    @property
    def label(self) -> str:
        seeds = ", ".join(str(run.seed) for run in self.runs)
        return f"{self.runs[0].experiment.name} seeds {seeds}"

    @property
    def value(self) -> float:
        return self.runs[0].value

    def seconds(self) -> float | None:
        """An epoch's seconds are each seed's share, so that they add up."""
        left = [run.seconds() for run in self.runs]
        known = [seconds for seconds in left if seconds is not None]
        return sum(known) if len(known) == len(left) else None

    def finished(self) -> bool:
        return all(run.finished() for run in self.runs)

    def execute(self, until: float = math.inf) -> dict[str, Any]:
        return _train(self.runs, until)


def arranged(runs: Sequence[Run], together: bool) -> list[Job]:
    """The jobs that train these: each by itself, or the seeds of an experiment `together`.

    What was begun goes on as it was begun, with the same seeds or by itself.
    """
    groups: dict[tuple, list[Run]] = {}
    programs = [(run, run.program()) for run in runs]
    for run, program in programs:
        if program:
            groups[run.experiment.name, program] = [run.beside(seed) for seed in program]
    taken = {run.folder for group in groups.values() for run in group}
    for run, program in programs:
        if run.folder not in taken:
            joined = together and program is None
            group = groups.setdefault((run.experiment.name, None if joined else run.seed), [])
            group.append(run)
    return [Together(tuple(group)) if len(group) > 1 else group[0] for group in groups.values()]


def _train(runs: Sequence[Run], until: float) -> dict[str, Any]:
    """Train runs of one experiment; "finished" if all of them have."""
    experiment = runs[0].experiment
    summaries = fit_apart(
        experiment.rule,
        _data(experiment.data, experiment.classes, experiment.per_class),
        experiment.settings,
        {run.seed: run.folder for run in runs},
        checkpoint_seconds=30,
        until=until,
    )
    unfinished = {s["status"] for s in summaries.values()} - {"finished"}
    return {"status": min(unfinished, default="finished")}


def _rows(folder: Path) -> list[dict[str, Any]]:
    """The epochs of a run; none if they cannot be read, which going on with it tells."""
    try:
        return RunFolder(folder).rows("metrics.jsonl")
    except UsageError:
        return []


@cache
def _data(name: str, classes: tuple[int, ...], per_class: int | None) -> Dataset:
    dataset = load(name)
    dataset = dataset.select(classes) if classes else dataset
    return dataset if per_class is None else dataset.limit(per_class)
