"""The rules of a comparison as jobs, which other processes carry out."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from apical.cli.support.flags import RunOptions
from apical.comparison.diverged import Diverged
from apical.data import Dataset
from apical.data.named import Named, loaded
from apical.errors import ApicalError, UsageError
from apical.jobs.job import Job, Outcome
from apical.jobs.workers import Workers, execute
from apical.rules import Rule
from apical.runs.folder import RunFolder
from apical.settings import Settings
from apical.training import fit
from apical.training.how import How, Measured
from apical.training.task import Task

GO_ON = "(without --overwrite, if that was given)"


@dataclasses.dataclass(frozen=True)
class RuleJob(Job):
    """All seeds of one rule, in a folder (absolute)."""

    name: str
    rule: Rule
    settings: Settings
    data: Named
    options: RunOptions
    folder: Path

    @property
    def label(self):
        return self.name

    @property
    def value(self):
        return 0.0

    @property
    def how(self) -> dict[str, Any]:
        """What `fit` is told of seeds and folder."""
        names = ("seeds", "seed", "together", "checkpoint_seconds")
        return {"out": self.folder, **{name: getattr(self.options, name) for name in names}}

    def seconds(self):
        return None

    def finished(self):
        run = RunFolder(self.folder)
        if not (run.exists and run.finished):
            return False
        return run.config()["settings"]["epochs"] >= self.settings.epochs

    def execute(self, until: float = math.inf) -> dict[str, Any]:
        """Train in full: a comparison has no time budget."""
        result = fit(self.rule, loaded(self.data), self.settings, resume=True, **self.how)
        return {"status": result.summary["status"]}


def side_by_side(
    jobs: Sequence[RuleJob], data: Dataset, workers: Workers, console: Console
) -> dict[str, Measured | Diverged]:
    """What was measured, or where training diverged, by the names of the jobs.

    Raises `UsageError` for a folder that cannot be begun with or gone on with, `ApicalError` if
    jobs failed otherwise or the workers are gone.
    """
    usually = {"tensorboard": False, "listen": (), "devices": "1", "shard_weights": False}
    for name, usual in usually.items():
        if any(getattr(job.options, name) != usual for job in jobs):
            raise UsageError(f"{name}: not with --jobs or --scheduler; leave it out")
    for job in jobs:
        options = job.options
        how = How(**job.how, resume=options.resume, overwrite=options.overwrite)
        how.make_ready(Task(job.rule, data, job.settings))
    console.print(f"{len(jobs)} rules, {workers.told}", soft_wrap=True, highlight=False)
    ended: list[Outcome] = []

    def hear(outcome: Outcome) -> None:
        ended.append(outcome)
        came = outcome.failure or f"{outcome.seconds:.1f} s"
        told = f"{len(ended)}/{len(jobs)} {outcome.job.label}: {came}"
        console.print(told, soft_wrap=True, highlight=False)

    try:
        execute(jobs, workers, hear)
    except KeyboardInterrupt:
        console.print(f"It was interrupted: the same command goes on {GO_ON}.", soft_wrap=True)
        raise
    except ApicalError as error:
        raise ApicalError(f"{error}, {GO_ON}") from None
    failed = {o.job.label: o.failure for o in ended if o.failure is not None}
    diverged = {name: Diverged.read(failure) for name, failure in failed.items()}
    failures = [f"{name}: {told}" for name, told in failed.items() if diverged[name] is None]
    if failures:
        listed = "\n".join(f"  {told}" for told in failures)
        count = f"{len(failures)} of {len(jobs)} rules failed"
        raise ApicalError(f"{count}; the same command goes on {GO_ON}\n{listed}")
    return {job.label: diverged.get(job.label) or _measured(RunFolder(job.folder)) for job in jobs}


def _measured(run: RunFolder) -> Measured:
    return Measured(run.read("summary.json"), run.rows("metrics.jsonl"), run.rows("initial.jsonl"))
