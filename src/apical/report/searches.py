"""Reading searches; nothing here trains."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apical.tuning.study import read
from apical.tuning.trial import Trial


@dataclass(frozen=True)
class SearchData:
    """What a search's folder says."""

    path: Path
    config: dict[str, Any]
    """Rule, data, settings, space and seed, as they were asked for."""
    trials: list[Trial]

    @classmethod
    def read(cls, path: Path) -> "SearchData":
        """Raises `UsageError` if `path` is no search's folder or no trial has ended there."""
        study = read(path)
        return cls(path, study.protocol, study.trials())

    @property
    def errors(self) -> list[float]:
        """What the score of the trials that did not diverge lacks to 100 %, at the best epoch."""
        return [100 * (1 - trial.score) for trial in self.trials if not trial.diverged]

    @property
    def diverged(self) -> int:
        """How many did."""
        return sum(trial.diverged is not None for trial in self.trials)
