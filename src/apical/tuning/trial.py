"""The result of one trial of a search."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """One draw of the hyper-parameters, and how training with it ended.

    Raises `ValueError` if it neither diverged nor has a score.
    """

    number: int
    values: dict[str, float]
    """The numbers that were drawn, by the names of the space."""
    curve: dict[int, float]
    """Validation score after each epoch, up to the divergence of one that diverged."""
    diverged: str | None = None
    """Where it went wrong; None: it ended in full."""

    def __post_init__(self):
        if not self.diverged and not self.curve:
            raise ValueError(f"trial {self.number} is finished and has no score")

    @property
    def score(self) -> float:
        """The best validation score of a finished trial over its epochs; nan if diverged."""
        return float("nan") if self.diverged else max(self.curve.values())

    @property
    def epoch(self) -> int | None:
        """The epoch of that score, the first of equals; None if diverged."""
        return None if self.diverged else max(self.curve, key=lambda e: (self.curve[e], -e))


def best(trials: list[Trial]) -> Trial | None:
    """The finished trial of best validation score, the first of equals."""
    finished = [trial for trial in trials if not trial.diverged]
    return max(finished, key=lambda t: (t.score, -t.number), default=None)
