"""Equal tuning: every contestant is searched with the same budget, on validation."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from apical.comparison.contestants import Contestant, space
from apical.comparison.diverged import Diverged
from apical.data import Dataset
from apical.data.named import Named
from apical.errors import UsageError, at_least_one
from apical.jobs.workers import Workers
from apical.runs.writing import write_whole
from apical.training.listeners.spec import Listening
from apical.tuning import search
from apical.tuning.trial import Trial
from apical.values.spelling import spell
from apical.values.value import read

SPENT = "spent.json"
"""In a search's folder: the seconds of each of its trials, compilation included."""


@dataclass(frozen=True)
class Tuning:
    """How much each contestant may be searched: by trials or by seconds, one of both."""

    trials: int | None = None
    seconds: float | None = None

    def __post_init__(self):
        object.__setattr__(self, "trials", read(int | None, self.trials, "tune"))
        object.__setattr__(self, "seconds", read(float | None, self.seconds, "tune_seconds"))
        at_least_one(tune=self.trials)
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise UsageError(f"tune_seconds: must be above 0 and finite, got {self.seconds}")
        if (self.trials is None) == (self.seconds is None):
            raise UsageError("tune, tune_seconds: both say how long to search; give one of them")

    @property
    def told(self) -> str:
        """As in "8 trials each"."""
        return f"{self.trials} trials each" if self.trials else f"{self.seconds:g} s each"


@dataclass(frozen=True)
class Tuned:
    """What a search came to."""

    trials: int
    diverged: int
    seconds: float
    """Of all trials, compilation and validation included."""
    validation: float
    """The best trial's score."""
    values: dict[str, float]
    """The numbers it had drawn, by the names of the space."""
    space: dict[str, str]
    """What they were drawn from."""


def tune(
    contestant: Contestant,
    others: Sequence[Contestant],
    data: Dataset | Named,
    tuning: Tuning,
    seed: int,
    out: Path,
    *,
    report: Callable[[Trial], None] = lambda trial: None,
    listeners: Sequence[Listening] = (),
    workers: Workers | None = None,
) -> tuple[Contestant, Tuned] | Diverged:
    """The contestant with the values of its best trial, unless every trial diverged; trials that
    have ended are not run again.

    **Arguments:**

    - `others`: all contestants, whose spaces may know an optimizer that its own does not.
    - `seed`: of draws, initial weights and the order of the data; one that no final run uses.
    - `out`: the search's folder.
    - `workers`: carry out trials side by side; only of a number of trials.

    **Raises:** `KeyboardInterrupt` after Ctrl-C; as `search`.
    """
    spans = space(contestant, others)
    spent = _spent(out)
    began = time.monotonic()

    def keep(trial: Trial) -> None:
        nonlocal began
        took, began = time.monotonic() - began, time.monotonic()
        # Trials that a killed session kept without their seconds have none.
        spent.extend([0.0] * (trial.number - len(spent)))
        spent.append(took)
        write_whole(out / SPENT, json.dumps(spent) + "\n")
        report(trial)

    def through(trials: int):
        found = search(
            contestant.rule, data, spans, contestant.settings, trials=trials, seed=seed, out=out,
            report=keep, listeners=listeners, workers=workers,
        )  # fmt: skip
        if found.interrupted:
            raise KeyboardInterrupt
        return found

    if tuning.trials is not None:
        found = through(tuning.trials)
    else:
        assert tuning.seconds is not None
        found = through(max(1, len(spent)))
        while sum(spent) < tuning.seconds:
            began = time.monotonic()
            found = through(len(found.trials) + 1)
    if found.best is None:
        n = len(found.trials)
        where = f"all {n} trials" if n > 1 else "its one trial"
        return Diverged(where, f"{where} diverged; give a lower lr, or more trials")
    told = Tuned(
        len(found.trials),
        sum(trial.diverged is not None for trial in found.trials),
        sum(spent),
        found.best.score,
        dict(found.best.values),
        {name: spell(span) for name, span in spans.items()},
    )
    return replace(contestant, rule=found.rule, settings=found.settings), told


def _spent(out: Path) -> list[float]:
    try:
        return [float(each) for each in json.loads((out / SPENT).read_text())]
    except (OSError, ValueError, TypeError):
        return []  # nothing that a search goes on from
