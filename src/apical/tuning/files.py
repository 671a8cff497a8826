"""What a search's folder holds beside its study: a table of the trials, and the best of them.

```
study.sqlite3  the trials, as Optuna keeps them
trials.csv     number, state, what was drawn, best validation score and its epoch
best.json      the configuration of the best trial, as in a run's config.json, and its score
```
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apical.networks.targets import Target
from apical.rules import Rule
from apical.runs.folder import plain
from apical.runs.writing import write_whole
from apical.settings import Settings
from apical.tuning.trial import Trial
from apical.values.spelling import encode

TRIALS = "trials.csv"


def write_trials(folder: Path, trials: list[Trial], target: Target) -> None:
    """The table of the trials."""
    text = io.StringIO()
    rows = [trial_row(trial, target) for trial in trials]
    writer = csv.DictWriter(text, rows[0] if rows else ["number"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(folder / TRIALS, text.getvalue())


def trial_row(trial: Trial, target: Target) -> dict[str, Any]:
    """A trial as a row of the table: of its curve the best score alone."""
    return {
        "number": trial.number,
        "state": "diverged" if trial.diverged else "finished",
        **trial.values,
        target.metric("val"): trial.score,
        "epoch": trial.epoch,
    }


def trial_from_row(row: Mapping[str, str], target: Target) -> Trial:
    """The trial that `trial_row` made a row of, as the table has it."""
    metric = target.metric("val")
    beside = ("number", "state", metric, "epoch")
    finished = row["state"] == "finished"
    return Trial(
        int(row["number"]),
        {name: float(value) for name, value in row.items() if name not in beside},
        {int(row["epoch"]): float(row[metric])} if finished else {},
        None if finished else row["state"],
    )


def write_best(folder: Path, configuration: Mapping[str, Any]) -> None:
    """best.json."""
    write_whole(folder / "best.json", json.dumps(plain(configuration), indent=2) + "\n")


def configuration(
    best: Trial, rule: Rule, settings: Settings, data: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """What best.json says: the rule and the settings of the best trial, and how it did."""
    return {
        "rule": encode(rule),
        "data": data,
        "settings": settings.to_json(),
        "seed": seed,
        "trial": best.number,
        settings.target.metric("val"): best.score,
        "epoch": best.epoch,
    }
