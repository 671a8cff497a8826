"""The numbers of a survey: as they are stored with a run, and as rows of a CSV file."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from apical.adversarial.survey import CLEAN, Battery, Survey
from apical.runs.statistics import proportion_interval


@dataclass(frozen=True)
class Measured:
    """What one network kept of its accuracy."""

    accuracy: dict[str, dict[str, float]]
    """By attack and the text of eps."""
    chance: float
    """What always naming the most frequent class gives."""
    flat: float
    """Part of the examples at which the loss has no slope."""
    examples: int

    @classmethod
    def of(cls, survey: Survey) -> Self:
        accuracy: dict[str, dict[str, float]] = {}
        for (attack, eps), right in survey.right.items():
            accuracy.setdefault(attack, {})[eps] = float(right.mean())
        return cls(accuracy, survey.chance, survey.flat, len(survey.labels))

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Self:
        """From the JSON form of `vars`."""
        return cls(**stored)

    @property
    def clean(self) -> float:
        return self.accuracy[CLEAN]["0"]


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
