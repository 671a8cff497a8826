"""What a paper's evidence is made of: a rule, a data set, settings, and how many seeds."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from apical.data import Dataset, load
from apical.errors import UsageError
from apical.rules import Rule
from apical.settings import Settings
from apical.training.fit import fit
from apical.training.folder import RunFolder
from apical.values import encode


@dataclass(frozen=True)
class Experiment:
    """One line of a figure or cell of a table; every seed of it is a run of its own."""

    name: str
    rule: Rule
    settings: Settings
    data: str = "mnist"
    classes: tuple[int, ...] = ()
    most_seeds: int | None = None
    """Run no more seeds than this, however many are asked for."""

    def seeds(self, asked: int) -> range:
        return range(asked if self.most_seeds is None else min(asked, self.most_seeds))


@dataclass(frozen=True)
class Run:
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
        found = (config["rule"], config["settings"], config["data"]["name"], config["seed"])
        if found != self._asked():
            raise UsageError(
                f"{self.folder}: holds another run than {self.label} is now; choose another --out "
                "or delete that folder"
            )
        return stored.finished

    def _asked(self) -> tuple[Any, ...]:
        experiment = self.experiment
        settings = encode(vars(experiment.settings))
        return encode(experiment.rule), settings, experiment.data, self.seed

    def execute(self) -> dict[str, Any]:
        """Train, going on from what an earlier session left; the summary."""
        experiment = self.experiment
        result = fit(
            experiment.rule,
            _data(experiment.data, experiment.classes),
            seed=self.seed,
            out=self.folder,
            resume=True,
            checkpoint_seconds=30,
            **vars(experiment.settings),
        )
        return result.summary


@cache
def _data(name: str, classes: tuple[int, ...]) -> Dataset:
    dataset = load(name)
    return dataset.select(classes) if classes else dataset
