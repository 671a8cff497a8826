"""When a seed has trained enough, by its scores on validation."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence

from apical.errors import UsageError, at_least_one
from apical.values.value import Value

ACCURACY = "val_accuracy"


class Stop(Value):
    """Whether a seed's training is over before its last epoch.

    It is asked after every epoch and knows nothing but the scores, so that a run that is resumed
    stops where one without interruption does, and seeds that train together each stop alone.
    """

    @abstractmethod
    def reason(self, scores: Sequence[float]) -> str | None:
        """Why training is over after these validation scores, one an epoch; None: it is not."""

    def check(self, score: str) -> None:
        """Raises `UsageError` if it cannot judge a score of that name."""


class Early(Stop):
    """No score was better by more than `gain` than the best one, for `patience` epochs.

    !!! example

        >>> Early(patience=2).reason([0.5, 0.6, 0.6, 0.6])
        'no better for 2 epochs than after epoch 2'
    """

    patience: int = 5
    gain: float = 0.0

    def __check_init__(self):
        at_least_one(patience=self.patience)
        if not 0 <= self.gain < math.inf:
            raise UsageError(f"gain of early: must be 0 or more and finite, got {self.gain}")

    def reason(self, scores):
        best, at = -math.inf, 0
        for epoch, score in enumerate(scores, start=1):
            if score > best + self.gain:
                best, at = score, epoch
        if len(scores) - at < self.patience:
            return None
        than = f"than after epoch {at}" if at else "than nothing"
        return f"no better for {self.patience} epoch{'s' * (self.patience > 1)} {than}"


class Accuracy(Stop):
    """The accuracy has come to `least`, as in `accuracy:0.97`."""

    least: float

    def __check_init__(self):
        if not 0 < self.least <= 1:
            raise UsageError(
                f"least of accuracy: must be a share above 0 and up to 1, got {self.least}"
            )

    def check(self, score):
        if score != ACCURACY:
            raise UsageError(
                f"stop accuracy: what is trained here has {score} and no accuracy; use early"
            )

    def reason(self, scores):
        reached = [score for score in scores if score >= self.least]
        return f"accuracy {reached[0]:.4f} on validation" if reached else None


def over(stops: Iterable[Stop], scores: Sequence[float | None]) -> str | None:
    """The reason of the first that says training is over; scores may be null, as in files."""
    numbers = [math.nan if score is None else score for score in scores]
    return next((told for stop in stops if (told := stop.reason(numbers))), None)
