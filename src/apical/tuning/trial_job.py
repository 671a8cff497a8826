"""One trial of a search: in this process, or as a job in a folder of its own."""

import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from apical.data import Dataset
from apical.data.named import Named, loaded
from apical.errors import DivergenceError
from apical.jobs.job import Job
from apical.rules import Rule
from apical.runs.folder import RunFolder
from apical.runs.writing import write_whole
from apical.settings import Settings
from apical.training.events import Epoch, Event
from apical.training.fit import fit
from apical.training.listeners.spec import Listening
from apical.tuning.space import place
from apical.tuning.trial import Trial

ENDED = "trial.json"

REMEMBERED = 8
"""Trials after which a process lets its compiled programs go.

Rates are constants of them, so that a trial's are of no use to another: kept for ever, they would
add up to gigabytes. What trials share, and is lost with them, is half a second's work.
"""
_ATTEMPTS = itertools.count(1)


def attempt(
    number: int,
    values: Mapping[str, float],
    rule: Rule,
    settings: Settings,
    data: Dataset,
    seed: int,
    listeners: Iterable[Listening] = (),
    out: Path | None = None,
) -> Trial:
    """Train once; in `out`, going on from what is there.

    Raises `KeyboardInterrupt` if Ctrl-C came before the end.
    """
    curve: dict[int, float] = {}
    metric = settings.target.metric("val")

    def follow(event: Event) -> None:
        if isinstance(event, Epoch) and event.number:
            curve[event.number] = event.metrics[metric]

    rule, settings = place(values, rule, settings)
    told = (follow, *listeners)
    diverged = None
    try:
        result = fit(
            rule, data, settings, seed=seed, listeners=told, out=out, resume=out is not None
        )
    except DivergenceError as error:
        diverged = str(error)
    else:
        if result.summary["status"] == "interrupted":
            raise KeyboardInterrupt
    finally:
        if next(_ATTEMPTS) % REMEMBERED == 0:
            jax.clear_caches()
    if out is not None:  # with the epochs of an earlier session
        curve = {row["epoch"]: row[metric] for row in RunFolder(out).rows("metrics.jsonl")}
    return Trial(number, dict(values), curve, diverged)


@dataclass(frozen=True)
class TrialJob(Job):
    """A trial as a run in a folder of its own, with its result as trial.json."""

    number: int
    values: dict[str, float]
    rule: Rule
    settings: Settings
    data: Named
    seed: int
    folder: Path

    @property
    def label(self):
        return f"trial {self.number}"

    @property
    def value(self):
        return 0.0

    def seconds(self):
        return None

    def finished(self):
        return (self.folder / ENDED).exists()

    def trial(self) -> Trial:
        """The result of a trial that has ended."""
        stored = json.loads((self.folder / ENDED).read_text())
        curve = {int(epoch): score for epoch, score in stored["curve"].items()}
        return Trial(self.number, self.values, curve, stored["diverged"])

    def execute(self, until: float = math.inf) -> dict[str, Any]:
        """Train in full: a search has no time budget."""
        try:
            trial = attempt(
                self.number, self.values, self.rule, self.settings, loaded(self.data), self.seed,
                out=self.folder,
            )  # fmt: skip
        except KeyboardInterrupt:
            return {"status": "interrupted"}
        ended = {"curve": trial.curve, "diverged": trial.diverged}
        write_whole(self.folder / ENDED, json.dumps(ended) + "\n")
        return {"status": "finished"}
