"""The folder of a search.

```
search.json      rule, data, settings, space and seed: what was asked for
trials.csv       a row for each trial that has ended
best.json        the configuration of the best trial, as in a run's config.json, and its score
sensitivity.png  the histogram that `apical search` draws of the trials
trials/          runs of trials that other processes have at work, or have ended out of turn
```
The table is all that a search goes on from, and it is written whole after every trial. So nothing
else can disagree with it: search.json never changes, best.json is made from it.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apical.errors import DataError, UsageError
from apical.networks.targets import Target
from apical.rules import Rule
from apical.runs.folder import completed, plain
from apical.runs.writing import write_whole
from apical.settings import Settings
from apical.tuning import optuna_study
from apical.tuning.space import draw
from apical.tuning.trial import Trial
from apical.values.differences import differences
from apical.values.ranges import Range, Space
from apical.values.spelling import decode, encode
from apical.values.value import parse

PROTOCOL, TRIALS, BEST = "search.json", "trials.csv", "best.json"
AT_WORK = "trials"
REASON = "reason"
"""The column that says why a trial diverged."""
RESTORE = "restore the file, or choose another folder"


@dataclass(frozen=True)
class SearchData:
    """A search, read from its folder."""

    path: Path
    config: dict[str, Any]
    """Rule, data, settings, space and seed, as they were asked for."""
    trials: list[Trial]
    """Those that have ended, by number."""

    @classmethod
    def read(cls, path: Path) -> "SearchData":
        """The search in a folder, of whatever version of apical.

        Raises `UsageError` if no search has left a trial there, `DataError` for damaged files.
        """
        if (path / PROTOCOL).exists():
            config = _protocol(path / PROTOCOL)
            return cls(path, config, _as_drawn(path / TRIALS, config, _table(path, config)))
        if (path / optuna_study.FILE).exists():
            config, trials = optuna_study.read(path / optuna_study.FILE)
            return cls(path, config, _as_drawn(path / optuna_study.FILE, config, trials))
        raise UsageError(
            f"{path / PROTOCOL}: not found; expected the folder of a search in which a trial has "
            "ended, as given to --out of `apical search`"
        )

    @property
    def errors(self) -> list[float]:
        """What the score of each trial that did not diverge lacks to 100 %, at its best epoch."""
        return [100 * (1 - trial.score) for trial in self.trials if not trial.diverged]

    @property
    def diverged(self) -> int:
        """Number of diverged trials."""
        return sum(trial.diverged is not None for trial in self.trials)


def trials_to_go_on_with(folder: Path, protocol: dict[str, Any]) -> list[Trial]:
    """The trials of this protocol that have ended in a folder; none in a new one.

    Raises `UsageError` for a folder of other things and for trials of another protocol,
    `DataError` for damaged files.
    """
    ours = (PROTOCOL, optuna_study.FILE)
    if not any((folder / name).exists() for name in ours):
        _refuse_other_files(folder)
        return []
    search = SearchData.read(folder)
    if search.trials and (differing := differences(there=search.config, now=protocol)):
        raise UsageError(
            f"out: {folder} holds a search of another protocol: {differing}; "
            "repeat its command, or choose another folder"
        )
    return search.trials


def _refuse_other_files(folder: Path) -> None:
    """Raises `UsageError` if anything lies in the folder that no search has left there."""
    # What a search leaves that was killed before its first trial was in the table.
    ours = (".lock", ".cluster", AT_WORK, f"{PROTOCOL}.part")
    if other := sorted(path.name for path in folder.iterdir() if path.name not in ours):
        raise UsageError(
            f"out: {folder} holds no search but other files ({other[0]}, ...); "
            "choose a new or an empty folder"
        )


def write_protocol(folder: Path, protocol: dict[str, Any]) -> None:
    """search.json. Raises `WriteError`."""
    write_whole(folder / PROTOCOL, json.dumps(plain(protocol), indent=2) + "\n")


def write_trials(folder: Path, trials: Sequence[Trial], target: Target) -> None:
    """trials.csv, of one trial or more. Raises `WriteError`."""
    by_epoch = _by_epoch(target)
    rows = [
        {
            **trial_row(trial, target),
            by_epoch: " ".join(map(repr, trial.curve.values())),
            REASON: trial.diverged,
        }
        for trial in trials
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(folder / TRIALS, text.getvalue())


def trial_row(trial: Trial, target: Target) -> dict[str, Any]:
    """A trial as a row of a table: of its curve the best score alone."""
    return {
        "number": trial.number,
        "state": "diverged" if trial.diverged else "finished",
        **trial.values,
        target.metric("val"): trial.score,
        "epoch": trial.epoch,
    }


def _read_trials(path: Path, target: Target) -> list[Trial]:
    """The trials of a trials.csv, by number.

    Raises `DataError` for a file that is missing or damaged.
    """
    try:
        with path.open(newline="") as file:
            trials = [trial_from_row(row, target) for row in csv.DictReader(file)]
        if not trials:
            raise ValueError("no trials")
    except FileNotFoundError:
        raise DataError(f"{path}: not found beside a search; {RESTORE}") from None
    except (OSError, KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise DataError(
            f"{path}: expected a table of trials, found other content "
            f"({type(error).__name__}: {error}); {RESTORE}"
        ) from None
    return sorted(trials, key=lambda trial: trial.number)


def trial_from_row(row: Mapping[str, str], target: Target) -> Trial:
    """The trial of a row; a row without the score of every epoch has the best one alone."""
    metric, by_epoch = target.metric("val"), _by_epoch(target)
    beside = ("number", "state", metric, "epoch", by_epoch, REASON)
    finished = {"finished": True, "diverged": False}[row["state"]]
    if by_epoch in row:
        curve = {epoch: float(score) for epoch, score in enumerate(row[by_epoch].split(), 1)}
    else:
        curve = {int(row["epoch"]): float(row[metric])} if finished else {}
    return Trial(
        int(row["number"]),
        {name: float(value) for name, value in row.items() if name not in beside},
        curve,
        None if finished else row.get(REASON) or "diverged",
    )


def _by_epoch(target: Target) -> str:
    """The column of every epoch's score."""
    return f"{target.metric('val')}_by_epoch"


def write_best(folder: Path, configuration: Mapping[str, Any]) -> None:
    """best.json. Raises `WriteError`."""
    write_whole(folder / BEST, json.dumps(plain(configuration), indent=2) + "\n")


def configuration(
    best: Trial, rule: Rule, settings: Settings, data: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """What best.json says: the rule and the settings of the best trial, and its score."""
    return {
        "rule": encode(rule),
        "data": data,
        "settings": settings.to_json(),
        "seed": seed,
        "trial": best.number,
        settings.target.metric("val"): best.score,
        "epoch": best.epoch,
    }


def _protocol(path: Path) -> dict[str, Any]:
    """What a search was asked for. Raises `DataError` for a damaged file."""
    try:
        config = completed(json.loads(path.read_text()))
        draw(_space(config), config["seed"], 0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise DataError(
            f"{path}: expected what a search was asked for, found other content "
            f"({type(error).__name__}: {error}); {RESTORE}"
        ) from None
    return config


def _space(config: dict[str, Any]) -> Space:
    return {name: parse(Range, span) for name, span in config["space"].items()}


def _table(path: Path, config: dict[str, Any]) -> list[Trial]:
    """The trials of a search; none if it was killed before it wrote its first table."""
    if not (path / TRIALS).exists() and not (path / BEST).exists():
        return []
    return _read_trials(path / TRIALS, decode(config["settings"]["target"]))


def _as_drawn(path: Path, config: dict[str, Any], trials: list[Trial]) -> list[Trial]:
    """The same trials. Raises `DataError` if one is missing or its values are not the draw's."""
    space = _space(config)
    for number, trial in enumerate(trials):
        drawn = draw(space, config["seed"], number)
        if trial.number != number or trial.values != drawn:
            raise DataError(
                f"{path}: expected trial {number} with {drawn}, found trial {trial.number} with "
                f"{trial.values}; {RESTORE}"
            )
    return trials
