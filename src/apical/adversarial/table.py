"""A survey's numbers: rows for a CSV file, and for the run that was examined."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apical.adversarial.survey import Battery, Survey
from apical.runs.statistics import proportion_interval

COLUMNS = ("seed", "attack", "eps", "examples", "right", "accuracy", "low95", "high95")


def rows(surveys: Mapping[int, Survey], battery: Battery) -> list[dict[str, Any]]:
    """One a seed, attack and eps, with Wilson's interval over the examples."""
    found = []
    for seed, survey in surveys.items():
        for (attack, eps), right in survey.right.items():
            low, high = proportion_interval(int(right.sum()), len(right))
            values = (
                seed,
                battery.called(attack),
                eps,
                len(right),
                int(right.sum()),
                float(right.mean()),
                low,
                high,
            )
            found.append(dict(zip(COLUMNS, values, strict=True)))
    return found


def write(path: Path, surveys: Mapping[int, Survey], battery: Battery) -> Path:
    """As CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(surveys, battery))
    return path
