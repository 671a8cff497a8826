"""Experiments: what is trained for a paper, and each seed's run of it."""

import math
import statistics
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from apical.data import Dataset, load
from apical.data.source import VerifiedSource
from apical.data.sources import source
from apical.errors import DataError, UsageError
from apical.generative import LatentModel
from apical.generative.encoder_of import EncoderOf
from apical.generative.task import GenerativeTask
from apical.jobs.job import Job
from apical.reproduce.examination import Examination
from apical.rules import Rule
from apical.runs.folder import RunFolder, is_generative
from apical.settings import Loop, Settings, Unsupervised
from apical.training.how import fit_apart
from apical.training.task import Task, Training
from apical.values.spelling import decode


class Trained(ABC):
    """What trains by settings; no dataclass, so that each kind has them where it lists them."""

    settings: Loop


@dataclass(frozen=True)
class Planned(Trained):
    """One line of a figure or one cell of a table, whatever learns. Every seed is a run of its own.

    **Arguments:**

    - `name`: unique within the paper; claims refer to it, and runs are in a folder of this name.
    - `data`: a data set by name, and `classes` of it by number; none given: all of them.
    """

    name: str
    _: KW_ONLY
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

    @property
    def epochs(self) -> int:
        """Of training."""
        return self.settings.epochs

    @property
    @abstractmethod
    def after(self) -> str | None:
        """The experiment whose runs must have ended before its own begin; None: none."""

    @abstractmethod
    def training(self, data: Dataset, root: Path) -> Training:
        """What learns, on its data; `root` is the folder of all runs."""

    @abstractmethod
    def told(self, config: dict[str, Any]) -> Self:
        """This experiment with what learns and its settings as a run's config.json has them.

        Read as values, so that a field which they have gained since has its default.
        """

    def with_settings(self, **changes: Any) -> Self:
        """The same experiment with these fields of its settings changed."""
        changed: dict[str, Any] = {"settings": replace(self.settings, **changes)}
        return replace(self, **changed)

    def seeds(self, asked: int) -> range:
        """The seeds to run, where so many are asked for."""
        return range(asked if self.most_seeds is None else min(asked, self.most_seeds))


@dataclass(frozen=True)
class Experiment(Planned):
    """A rule trains a network.

    **Arguments:**

    - `init_from`: the experiment of a model without labels whose encoder, of the same seed, the
      first hidden layer begins with; None: all weights are drawn.

    !!! example

        >>> from apical import FA, Settings
        >>> wide = Experiment("fa-500", FA(), Settings(hidden=(500,)), most_seeds=3)
        >>> wide.with_settings(epochs=2).settings.epochs
        2
        >>> list(wide.seeds(5))
        [0, 1, 2]
    """

    rule: Rule
    settings: Settings
    init_from: str | None = None

    @property
    def after(self):
        return self.init_from

    def training(self, data, root):
        first = None if self.init_from is None else EncoderOf(root / self.init_from)
        return Task(self.rule, data, self.settings, init_from=first)

    def told(self, config):
        settings = Settings.from_json(config["settings"])
        return replace(self, rule=decode(config["rule"]), settings=settings)


@dataclass(frozen=True)
class GenerativeExperiment(Planned):
    """A generative model learns.

    !!! example

        >>> from apical import IteratedTargetProp
        >>> model = IteratedTargetProp((20, 5))
        >>> GenerativeExperiment("small", model, model.recipe).data
        'mnist'
    """

    model: LatentModel
    settings: Unsupervised

    @property
    def after(self):
        return None

    def training(self, data, root):
        return GenerativeTask(self.model, data, self.settings)

    def told(self, config):
        settings = Unsupervised.from_json(config["settings"])
        return replace(self, model=decode(config["model"]), settings=settings)


@dataclass(frozen=True)
class Run(Job):
    """One seed of an experiment and the folder it belongs in.

    Trained by itself; `Together` trains several.
    """

    experiment: Planned
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
        return max(0, self.experiment.epochs - done) * epoch

    def finished(self) -> bool:
        """Whether the folder holds this run, ended in full or by diverging, which is an outcome.

        Raises `UsageError` if it holds another run.
        """
        stored = RunFolder(self.folder)
        if not stored.exists:
            return False
        if not self._described_by(stored.config()):
            raise UsageError(
                f"{self.folder}: holds another run than {self.label} is now; choose another --out "
                "or delete that folder"
            )
        return stored.finished or stored.diverged

    def _described_by(self, config: dict[str, Any]) -> bool:
        """Whether a run's config.json tells of this one."""
        if is_generative(config) != isinstance(self.experiment, GenerativeExperiment):
            return False
        source = config.get("init_from", {}).get(str(self.seed))
        begun = None if source is None else Path(source["run"]).parent.name
        if begun != self.experiment.after:
            return False
        data, stored = config["data"], self.experiment.told(config)
        return (
            (stored, data["name"], config["seed"])
            == (self.experiment, self.experiment.data, self.seed)
        ) and (not self.experiment.classes or data["classes"] == self._classes())

    def _classes(self) -> list[str]:
        """The names of the classes it trains on, of known data without reading them."""
        name = self.experiment.data
        known = source(name)
        told = known if isinstance(known, VerifiedSource) else _data(name, (), None)
        return [told.classes[c] for c in self.experiment.classes]

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
    data = _data(experiment.data, experiment.classes, experiment.per_class)
    summaries = fit_apart(
        experiment.training(data, runs[0].folder.parents[1]),
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
    if dataset.name != name:
        raise DataError(
            f"{name}: this paper's runs are on the whole of it, found {dataset.name}; put the rest "
            "there too"
        )
    dataset = dataset.select(classes) if classes else dataset
    return dataset if per_class is None else dataset.limit(per_class)
