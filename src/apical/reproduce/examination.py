"""Examinations: what is measured on finished runs, before anything is judged or drawn."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apical.jobs.job import Job
from apical.runs.environment import environment
from apical.runs.folder import RunFolder
from apical.runs.precision import full_precision


class Examination(ABC):
    """What is measured on a finished run. Nothing in it trains.

    A frozen value; its `repr` is kept beside the result, and a run is examined again when that
    changes.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The result is kept in the run's folder as `<name>.json`."""

    @property
    def needs(self) -> set[str]:
        """Names of other experiments whose runs it reads."""
        return set()

    @abstractmethod
    def examine(self, run: Path, root: Path) -> dict[str, Any]:
        """The result, ready for JSON.

        **Arguments:**

        - `run`: the run's folder.
        - `root`: the folder of all runs; those of `needs` with the same seed are at
          `root / experiment / run.name`.
        """


@dataclass(frozen=True)
class Examined(Job):
    """One examination of one run."""

    examination: Examination
    folder: Path

    @property
    def _file(self) -> str:
        return f"{self.examination.name}.json"

    @property
    def label(self) -> str:
        seed = self.folder.name.replace("-", " ")
        return f"{self.examination.name} of {self.folder.parent.name} {seed}"

    @property
    def value(self):
        return 0.0

    def seconds(self):
        return None

    def finished(self):
        if not (self.folder / self._file).exists():
            return False
        return RunFolder(self.folder).read(self._file).get("asked") == repr(self.examination)

    @full_precision()
    def execute(self, until=math.inf):
        found = self.examination.examine(self.folder, self.folder.parents[1])
        told = {"asked": repr(self.examination), "commit": environment()["commit"], **found}
        RunFolder(self.folder).write(self._file, told)
        return {"status": "finished"}
