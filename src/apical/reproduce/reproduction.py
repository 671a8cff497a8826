"""One paper, from missing runs to claims and figures."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apical.reproduce.evidence import Evidence
from apical.reproduce.examination import Examined
from apical.reproduce.experiment import Experiment, Run
from apical.reproduce.paper import Paper
from apical.reproduce.pool import Job, Outcome, execute
from apical.reproduce.table import markdown, rows
from apical.runs.environment import environment

PROTOCOLS = ("smoke", "quick", "paper")


@dataclass(frozen=True)
class Plan:
    """The runs and examinations that a call asks for, and those that are still missing."""

    paper: Paper
    protocol: str
    asked: list[Job]
    missing: list[Job]
    out: Path


def plan(paper: Paper, protocol: str, seeds: int, out: Path, only: tuple[str, ...] = ()) -> Plan:
    """What has to run for these claims (all if none is named) under a protocol.

    Raises `UsageError` if `out` holds runs of other settings.
    """
    asked = jobs_for(paper, protocol, seeds, runs_folder(out, protocol), only)
    return Plan(paper, protocol, asked, [job for job in asked if not job.finished()], out)


def jobs_for(
    paper: Paper, protocol: str, seeds: int, runs: Path, only: tuple[str, ...] = ()
) -> list[Job]:
    """All that these claims rest on, with folders under `runs`; `UsageError` for an unknown one."""
    experiments: list[Experiment] = list(paper.module("experiments").experiments(protocol))
    if only:
        needed = {e for claim in paper.choose(only) for e in claim.judgement.experiments}
        needed |= {
            name
            for e in experiments
            if e.name in needed
            for examination in e.examinations
            for name in examination.needs
        }
        experiments = [e for e in experiments if e.name in needed]
    trained = [
        Run(experiment, seed, runs / experiment.name / f"seed-{seed}")
        for experiment in experiments
        for seed in experiment.seeds(seeds)
    ]
    examined = [
        Examined(examination, run.folder)
        for run in trained
        for examination in run.experiment.examinations
    ]
    return [*trained, *examined]


def carry_out(
    plan: Plan, jobs: int, report: Callable[[Outcome], None], only: tuple[str, ...] = ()
) -> tuple[list[dict[str, Any]], list[Path], list[Outcome]]:
    """Run what is missing, judge the claims, draw the figures; (claims, figures, outcomes)."""
    outcomes = []
    for kind in (Run, Examined):  # an examination may look at several runs, so they come first
        if missing := [job for job in plan.missing if isinstance(job, kind)]:
            outcomes += execute(missing, jobs, report)
    table, figures = conclude(plan.paper, plan.protocol, plan.out, only)
    return table, figures, outcomes


def conclude(
    paper: Paper, protocol: str, out: Path, only: tuple[str, ...] = ()
) -> tuple[list[dict[str, Any]], list[Path]]:
    """Judge the claims by the runs that are there and draw the figures; (claims, figures)."""
    evidence = Evidence(runs_folder(out, protocol))
    table = rows(paper.choose(only), evidence, protocol)
    out.mkdir(parents=True, exist_ok=True)
    (out / "claims.json").write_text(json.dumps(table, indent=2) + "\n")
    (out / "claims.md").write_text(markdown(paper, table))
    (out / "env.json").write_text(json.dumps(environment(), indent=2) + "\n")
    _write_runs(out / "runs.csv", evidence.summary())
    return table, paper.module("figures").draw(evidence, out / "figures")


def _write_runs(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        # Runs with other scores have other columns.
        columns = dict.fromkeys(key for row in rows for key in row) or ["experiment"]
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def runs_folder(out: Path, protocol: str) -> Path:
    """Where the runs of a protocol are; each is in `<experiment>/seed-<n>`."""
    return out / "runs" / protocol
