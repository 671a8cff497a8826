"""One paper's reproduction: what has to run, what is missing, and what came out."""

import csv
import io
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from apical.data.sources import can_be_had
from apical.errors import UsageError, unknown
from apical.jobs.job import Job, Outcome
from apical.jobs.workers import Workers, execute
from apical.reproduce import coverage
from apical.reproduce.evidence import Evidence
from apical.reproduce.examination import Examined
from apical.reproduce.experiment import Planned, Run, Together, arranged
from apical.reproduce.paper import PROTOCOLS, Paper
from apical.reproduce.tables import markdown, rows
from apical.runs.environment import environment
from apical.runs.writing import write_whole


@dataclass(frozen=True)
class Reproduction:
    """A paper's claims under a protocol, with a folder for runs, verdicts and figures.

    **Arguments:**

    - `protocol`: `paper`, `quick` or `smoke`.
    - `out`: the folder; each run is in `out/runs/<protocol>/<experiment>/seed-<n>`.
    - `seeds`: of each experiment; None: as many as the protocol asks for.
    - `only`: ids of the claims that are meant; none: all.

    **Raises:** `UsageError` for a protocol or a claim that there is not.

    !!! example

        >>> from pathlib import Path
        >>> from apical.reproduce import paper
        >>> itd = Reproduction(paper.read("itd"), "smoke", Path("runs/none"), seeds=1)
        >>> [job.label for job in itd.missing()]
        ['vbp seed 0', 'fba seed 0', 'itd-mce seed 0', 'itd-lse seed 0']
    """

    paper: Paper
    protocol: str
    out: Path
    seeds: int | None = None
    only: tuple[str, ...] = ()

    def __post_init__(self):
        if self.protocol not in PROTOCOLS:
            raise UsageError(unknown("protocol", self.protocol, PROTOCOLS))
        self.paper.choose(self.only)

    @property
    def runs(self) -> Path:
        """The folder of the protocol's runs."""
        return self.out / "runs" / self.protocol

    def jobs(self, runs: Path | None = None) -> list[Job]:
        """All that the claims rest on, with folders below `runs`; None: those of `out`."""
        runs = self.runs if runs is None else runs
        seeds = self.paper.seeds[self.protocol] if self.seeds is None else self.seeds
        trained = [
            Run(experiment, seed, runs / experiment.name / f"seed-{seed}")
            for experiment in self._experiments()
            for seed in experiment.seeds(seeds)
        ]
        examined = [
            Examined(examination, run.folder)
            for run in trained
            for examination in run.experiment.examinations
        ]
        return [*trained, *examined]

    def _experiments(self) -> list[Planned]:
        """Those of the claims, those that the examinations of their runs look at, and those that
        others begin from."""
        experiments = list(self.paper.module("experiments").experiments(self.protocol))
        if not self.only:
            return experiments
        needed = {e for claim in self.paper.choose(self.only) for e in claim.judgement.experiments}
        needed |= {
            name
            for e in experiments
            if e.name in needed
            for examination in e.examinations
            for name in examination.needs
        }
        needed |= {e.after for e in experiments if e.name in needed and e.after is not None}
        return [e for e in experiments if e.name in needed]

    def missing(self, *, recorded: bool = False) -> list[Job]:
        """The jobs that are not finished; with `recorded`, neither here nor among the records.

        Raises `UsageError` if `out` holds runs of other settings.
        """
        asked = self.jobs()
        finished = [job.finished() for job in asked]
        if recorded:
            with TemporaryDirectory() as place:
                self.paper.records.bring(self.protocol, Path(place))
                found = (job.finished() for job in self.jobs(Path(place)))
                finished = [a or b for a, b in zip(finished, found, strict=True)]
        return [job for job, there in zip(asked, finished, strict=True) if not there]

    def without_data(self, jobs: Sequence[Job]) -> dict[str, list[Job]]:
        """Those of these runs whose data is not here and cannot be downloaded, by its name."""
        found: dict[str, list[Job]] = {}
        for job in jobs:
            if isinstance(job, Run) and not can_be_had(job.experiment.data):
                found.setdefault(job.experiment.data, []).append(job)
        return found

    def arranged(self, missing: Sequence[Job], *, together: bool = False) -> list[Job]:
        """The jobs that carry these out, the most valuable first, examinations last.

        With `together` the seeds of an experiment are one program.
        """
        # An examination may look at several runs.
        runs = arranged([job for job in missing if isinstance(job, Run)], together)
        runs.sort(key=lambda job: -job.value)
        return [*runs, *(job for job in missing if isinstance(job, Examined))]

    def carry_out(
        self,
        jobs: Sequence[Job],
        workers: Workers,
        report: Callable[[Outcome], None],
        until: float = math.inf,
    ) -> list[Outcome]:
        """Carry out what `arranged` gives, by `workers`; `report` hears of each that ends.

        `until` is as for `jobs.workers.execute`, and so are the errors.
        """
        outcomes = []
        # Runs that begin from others come after them, examinations after all.
        for stage in range(3):
            now = [job for job in jobs if _stage(job) == stage]
            if now and time.monotonic() < until:
                outcomes += execute(now, workers, report, until)
        return outcomes

    def conclude(self) -> tuple[list[dict[str, Any]], list[Path]]:
        """Judge the claims by the runs that are there and draw the figures.

        Returns the rows of the claims table and the files that were drawn. `out` has the table as
        claims.json and claims.md, what of the paper it covers as coverage.md, the list of runs as
        runs.csv, and the machine as env.json.
        """
        evidence = Evidence(self.runs)
        table = rows(self.paper.choose(self.only), evidence, self.protocol)
        write_whole(self.out / "claims.json", json.dumps(table, indent=2) + "\n")
        write_whole(self.out / "claims.md", markdown(self.paper, table))
        write_whole(self.out / "coverage.md", coverage.markdown(self.paper.coverage, table))
        write_whole(self.out / "env.json", json.dumps(environment(), indent=2) + "\n")
        write_whole(self.out / "runs.csv", _as_csv(evidence.summary()))
        return table, self.paper.module("figures").draw(evidence, self.out / "figures")


def _stage(job: Job) -> int:
    if isinstance(job, Run | Together):
        first = job.runs[0] if isinstance(job, Together) else job
        return 0 if first.experiment.after is None else 1
    return 2 if isinstance(job, Examined) else 0


def _as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    # Runs with other scores have other columns.
    columns = dict.fromkeys(key for row in rows for key in row) or ["experiment"]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
