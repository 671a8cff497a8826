"""What a trial leaves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """One draw of the hyper-parameters and what training with it came to."""

    number: int
    values: dict[str, float]
    """What was drawn, by the names of the space."""
    curve: dict[int, float]
    """Validation score after each epoch; up to its divergence, if it diverged."""
    diverged: str | None = None
    """Where it went wrong; None: it ended in full."""

    @property
    def score(self) -> float:
        """The best validation score of a finished trial over its epochs; nan if diverged."""
        return float("nan") if self.diverged else max(self.curve.values())

    @property
    def epoch(self) -> int | None:
        """When it was reached, the first of equals; None if diverged."""
        return None if self.diverged else max(self.curve, key=lambda e: (self.curve[e], -e))


def best(trials: list[Trial]) -> Trial | None:
    """The finished trial of best validation score, the first of equals."""
    finished = [trial for trial in trials if not trial.diverged]
    return max(finished, key=lambda t: (t.score, -t.number), default=None)
