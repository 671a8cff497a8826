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
    rows = [
        {
            "number": trial.number,
            "state": "diverged" if trial.diverged else "finished",
            **trial.values,
            target.metric("val"): trial.score,
            "epoch": trial.epoch,
        }
        for trial in trials
    ]
    writer = csv.DictWriter(text, rows[0] if rows else ["number"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(folder / TRIALS, text.getvalue())


def read_trials(folder: Path, target: Target) -> list[Trial]:
    """What `write_trials` wrote: of each curve its best score alone."""
    metric = target.metric("val")
    beside = ("number", "state", metric, "epoch")
    with (folder / TRIALS).open() as file:
        return [
            Trial(
                int(row["number"]),
                {name: float(value) for name, value in row.items() if name not in beside},
                {int(row["epoch"]): float(row[metric])} if row["state"] == "finished" else {},
                None if row["state"] == "finished" else row["state"],
            )
            for row in csv.DictReader(file)
        ]


def write_best(
    folder: Path, best: Trial, rule: Rule, settings: Settings, data: dict[str, Any], seed: int
) -> None:
    """best.json."""
    found = {
        "rule": encode(rule),
        "data": data,
        "settings": settings.to_json(),
        "seed": seed,
        "trial": best.number,
        settings.target.metric("val"): best.score,
        "epoch": best.epoch,
    }
    write_whole(folder / "best.json", json.dumps(plain(found), indent=2) + "\n")
