"""The numbers of a survey: as they are stored with a run, and as rows of a CSV file."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from apical.adversarial.survey import CLEAN, Battery, Survey
from apical.runs.statistics import proportion_interval
from apical.runs.writing import write_whole


@dataclass(frozen=True)
class AccuracyUnderAttack:
    """Accuracy of one network under each attack. Its fields are the keys of attacks.json."""

    accuracy: dict[str, dict[str, float]]
    """By attack and the text of eps."""
    chance: float
    """The accuracy of always naming the most frequent class."""
    flat: float
    """Part of the examples at which the loss's gradient is exactly zero."""
    examples: int
    """Number of examples."""

    @classmethod
    def of(cls, survey: Survey) -> Self:
        """The accuracies of a survey."""
        accuracy: dict[str, dict[str, float]] = {}
        for (attack, eps), right in survey.right.items():
            accuracy.setdefault(attack, {})[eps] = float(right.mean())
        return cls(accuracy, survey.chance, survey.flat, len(survey.labels))

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From the JSON form of `vars`; whatever else is in it is passed over.

        Raises `LookupError`, `TypeError`, `ValueError` or `AttributeError` for anything else.
        """
        accuracy = {
            attack: {eps: float(value) for eps, value in by_eps.items()}
            for attack, by_eps in stored["accuracy"].items()
        }
        return cls(
            accuracy, float(stored["chance"]), float(stored["flat"]), int(stored["examples"])
        )

    @property
    def clean(self) -> float:
        """Accuracy on the clean inputs."""
        return self.accuracy[CLEAN]["0"]


def rows(surveys: Mapping[int, Survey], battery: Battery) -> list[dict[str, Any]]:
    """A row for each seed, attack and eps, with Wilson's 95 % interval over the examples."""
    found = []
    for seed, survey in surveys.items():
        for (attack, eps), right in survey.right.items():
            low, high = proportion_interval(int(right.sum()), len(right))
            found.append(
                {
                    "seed": seed,
                    "attack": battery.called(attack),
                    "eps": eps,
                    "examples": len(right),
                    "right": int(right.sum()),
                    "accuracy": float(right.mean()),
                    "low95": low,
                    "high95": high,
                }
            )
    return found


def write_csv(path: Path, surveys: Mapping[int, Survey], battery: Battery) -> Path:
    """Write the rows as a CSV file; its path.

    Raises `WriteError` if it cannot be written.
    """
    table = rows(surveys, battery)
    text = io.StringIO()
    writer = csv.DictWriter(text, table[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    write_whole(path, text.getvalue())
    return path
