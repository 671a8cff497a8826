"""The trials of a search in an Optuna study: in memory, or in a SQLite file."""

from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.exc import SQLAlchemyError

from apical.errors import DataError, UsageError
from apical.runs.folder import completed
from apical.tuning.files import TRIALS
from apical.tuning.trial import Trial
from apical.values.differences import differences
from apical.values.ranges import Space

FILE = "study.sqlite3"
NAME = "search"
"""Of the study within the file."""
PROTOCOL, DIVERGED = "protocol", "diverged"


class Study:
    """Reads and adds trials. A trial is added when it has ended, whole, in one transaction.

    So a process that is killed leaves finished trials only, and numbers without a gap. To Optuna a
    trial is complete, or failed if it diverged; its intermediate values are validation scores.
    """

    def __init__(self, folder: Path | None):
        """Raises `UsageError` for a folder of other things, `DataError` if its file is no study."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        path = None if folder is None else folder / FILE
        if folder is not None and (foreign := _foreign(folder)):
            raise UsageError(
                f"out: {folder} holds no search but other files ({foreign[0]}, ...); "
                "choose a new or an empty folder"
            )
        if path is not None and (path.parent / TRIALS).exists() and not path.stat().st_size:
            raise DataError(
                f"{path}: expected the study of a search that left {TRIALS}, found an empty file; "
                "restore the file, or choose another folder"
            )
        try:
            self._study = optuna.create_study(
                storage=None if path is None else f"sqlite:///{path.absolute()}",
                study_name=NAME,
                direction="maximize",
                load_if_exists=True,
            )
        except (SQLAlchemyError, optuna.exceptions.OptunaError, RuntimeError) as error:
            raise DataError(
                f"{path}: expected the study of a search, cannot read it "
                f"({type(error).__name__}); restore the file, or choose another folder"
            ) from error

    @property
    def protocol(self) -> dict[str, Any]:
        """What the search was asked for; empty before `agree`."""
        stored = self._study.user_attrs.get(PROTOCOL)
        return completed(stored) if stored else {}

    def agree(self, protocol: dict[str, Any], where: Path | None) -> None:
        """Take on the protocol. Raises `UsageError` if there are trials of another one."""
        if not self.trials():
            self._study.set_user_attr(PROTOCOL, protocol)
        elif differing := differences(there=self.protocol, now=protocol):
            raise UsageError(
                f"out: {where} holds a search of another protocol: {differing}; "
                "repeat its command, or choose another folder"
            )

    def trials(self) -> list[Trial]:
        """Every trial that has ended, by number."""
        return [_read(trial) for trial in self._study.get_trials()]

    def add(self, trial: Trial, space: Space) -> None:
        """Keep a trial that has ended; its number must be the next one."""
        distributions: dict[str, BaseDistribution] = {
            name: span.distribution() for name, span in space.items()
        }
        self._study.add_trial(
            create_trial(
                state=TrialState.FAIL if trial.diverged else TrialState.COMPLETE,
                value=None if trial.diverged else trial.score,
                params=trial.values,
                distributions=distributions,
                intermediate_values=trial.curve,
                user_attrs={DIVERGED: trial.diverged},
            )
        )


def read(folder: Path) -> Study:
    """The study of a search's folder. Raises `UsageError` if it holds none."""
    if not (folder / FILE).exists():
        raise UsageError(
            f"{folder / FILE}: not found; expected the folder of a search, as given to --out of "
            "`apical search`"
        )
    return Study(folder)


def _foreign(folder: Path) -> list[str]:
    """What lies in a folder without a study, the lock aside."""
    if (folder / FILE).exists():
        return []
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def _read(trial: FrozenTrial) -> Trial:
    return Trial(trial.number, trial.params, trial.intermediate_values, trial.user_attrs[DIVERGED])
