"""Experiments: what is trained for a paper, and each seed's run of it."""

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
from apical.training.fit import fit
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

    def with_settings(self, **changes: Any) -> "Experiment":
        """The same experiment with these fields of its settings changed."""
        return replace(self, settings=replace(self.settings, **changes))

    def seeds(self, asked: int) -> range:
        """The seeds to run, where so many are asked for."""
        return range(asked if self.most_seeds is None else min(asked, self.most_seeds))


@dataclass(frozen=True)
class Run(Job):
    """One seed of an experiment and the folder it belongs in."""

    experiment: Experiment
    seed: int
    folder: Path

    @property
    def label(self) -> str:
        return f"{self.experiment.name} seed {self.seed}"

    def finished(self) -> bool:
        """Whether the folder holds this run, ended in full.

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
        return stored.finished

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

    def execute(self) -> dict[str, Any]:
        """Train, going on from what an earlier session left; the summary."""
        experiment = self.experiment
        result = fit(
            experiment.rule,
            _data(experiment.data, experiment.classes, experiment.per_class),
            experiment.settings,
            seed=self.seed,
            out=self.folder,
            resume=True,
            checkpoint_seconds=30,
        )
        return result.summary


@cache
def _data(name: str, classes: tuple[int, ...], per_class: int | None) -> Dataset:
    dataset = load(name)
    dataset = dataset.select(classes) if classes else dataset
    return dataset if per_class is None else dataset.limit(per_class)
