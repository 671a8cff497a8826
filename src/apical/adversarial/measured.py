"""The numbers of a survey, as they are stored with a run."""

from dataclasses import dataclass
from typing import Any, Self

from apical.adversarial.survey import CLEAN, Survey


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
