"""`apical reproduce PAPER`: a paper's claims and figures from our own runs."""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from apical.cli.support import terminal
from apical.cli.support.console import bar
from apical.cli.support.flags import cli, pick
from apical.cli.support.workers import workers_of
from apical.errors import ApicalError, UsageError, at_least_one, unknown
from apical.values.duration import Duration


def main(args: list[str]) -> None:
    from apical.reproduce import paper

    known = {name: paper.read(name).title for name in paper.names()}
    if not args:
        args = ["--help"]
    name, rest = pick(args, known, "paper", "apical reproduce")
    if name not in known:
        raise UsageError(unknown("paper", name, known))
    cli(_command(name), rest, f"apical reproduce {name}")


def _command(name: str):
    from apical.reproduce import paper

    def command(
        out: Path,
        only: tuple[str, ...] | None = None,
        protocol: paper.Protocol = "quick",
        seeds: int | None = None,
        jobs: int | None = None,
        scheduler: str | None = None,
        together: bool = False,
        time_budget: Duration | None = None,
        recorded: bool = False,
        dry_run: bool = False,
    ) -> None:
        """Run what is missing, judge the paper's claims and draw its figures.

        Args:
            out: Folder for runs, claims.json, claims.md, coverage.md and figures; finished runs are
                reused.
            only: Run and judge only these claims; None: all.
            protocol: `paper`: the paper's own budget; `quick`: a stated part of it;
                `smoke`: a few steps of each kind, proves only that the machinery runs.
            seeds: Seeds of each experiment; None: what the protocol asks for.
            jobs: Runs side by side, each with its share of the cores; None: as many as cores.
            scheduler: Give the runs to the workers of this dask scheduler, as tcp://10.0.0.1:8786
                (needs apical[cluster]). OUT must be on a file system that workers and this command
                share; workers find data sets by their own $APICAL_DATA.
            together: Train the seeds of an experiment as one program, for accelerators; runs that
                were begun go on as they were begun.
            time_budget: Run for so long, the most valuable experiments first, and stop: what does
                not fit is put off, what is at work then is saved and goes on next time. Judging
                and drawing come after.
            recorded: Begin with the runs that the project has recorded; make what they lack.
            dry_run: List the claims, what of the paper they cover, and the runs that are missing;
                run and write nothing.
        """
        from apical.jobs.processes import Processes, cores
        from apical.reproduce.out_folder import reserve
        from apical.reproduce.reproduction import Reproduction
        from apical.runs.lock import locked, refuse_files

        if only == ():
            raise UsageError(
                "only: asks for one claim or more, got none; name some or leave it out"
            )
        at_least_one(seeds=seeds)
        workers = workers_of(jobs, scheduler, out) or Processes(len(cores()))
        # Workers of a scheduler are in other folders.
        place = out if scheduler is None else out.absolute()
        asked = Reproduction(paper.read(name), protocol, place, seeds, only or ())
        if recorded:
            asked.paper.records.require()
        if dry_run:
            refuse_files(out)
            _list(asked, recorded)
            return
        with locked(out, "apical reproduce"):
            reserve(out, name)
            _reproduce(asked, workers, together, time_budget, recorded)

    return command


def _list(asked, recorded) -> None:
    from apical.reproduce.tables import number

    missing = asked.missing(recorded=recorded)
    shown = terminal.table("claim or aim", "what it says", "demand")
    for statement in asked.paper.choose(asked.only):
        shown.add_row(statement.id, statement.claim, number(statement.judgement.demand))
    console = terminal.console()
    console.print(shown)
    _print_coverage(console, asked, None)
    console.print(f"{len(asked.jobs())} runs, of which {len(missing)} are missing")
    for job in missing:
        console.print(f"  {job.label}", highlight=False)
    _print_without_data(console, asked.without_data(missing))


def _reproduce(asked, workers, together, time_budget, recorded) -> None:
    from apical.jobs.job import INTERRUPTED

    until = math.inf if time_budget is None else time.monotonic() + time_budget.seconds
    console, paper, out = terminal.console(), asked.paper, asked.out
    brought = paper.records.bring(asked.protocol, asked.runs) if recorded else 0
    missing, every = asked.missing(), len(asked.jobs())
    console.print(terminal.bold(paper.title, f"\n{paper.reference}"))
    if recorded:
        elsewhere = sorted({name.protocol for name in paper.records.names()} - {asked.protocol})
        others = f"; there are some of --protocol {' and '.join(elsewhere)}" if elsewhere else ""
        console.print(f"{brought} recorded runs brought to {out}{others}", soft_wrap=True)
    console.print(f"{every} runs, {every - len(missing)} finished before, {workers.told}")

    without = asked.without_data(missing)
    _print_without_data(console, without)
    left_out = [job for runs in without.values() for job in runs]
    jobs = asked.arranged([job for job in missing if job not in left_out], together=together)
    with ExitStack() as stack:
        try:
            face = _Face(stack, console, len(jobs), until)
            outcomes = asked.carry_out(jobs, workers, face, until)
        except KeyboardInterrupt:
            _list_left(console, jobs)
            raise
        table, figures = asked.conclude()
    for judged in _judged(table):
        console.print(judged)
    _print_coverage(console, asked, table)
    for figure in figures:
        if figure.suffix == ".png":
            console.print(f"figure: {figure} (and .svg)", soft_wrap=True)
    console.print(f"claims: {out / 'claims.md'}", soft_wrap=True)
    if asked.protocol == "smoke":
        console.print("This was a smoke run: it proves that the machinery runs, nothing more.")
    if time_budget is not None:
        _list_left(console, jobs)
    failures = [o for o in outcomes if o.failure not in (None, INTERRUPTED)]
    if failures:
        listed = "\n".join(f"  {o.job.label}: {o.failure}" for o in failures)
        raise ApicalError(
            f"{len(failures)} of {len(jobs)} runs failed; the same command tries again what did "
            f"not diverge\n{listed}"
        )


def _print_without_data(console: Console, without) -> None:
    """What cannot run here, and why."""
    for data, runs in without.items():
        console.print(
            f"not run: {len(runs)} runs on {data}, which is not here and cannot be downloaded; "
            "`apical data list` says where it is looked for",
            soft_wrap=True,
        )


def _list_left(console: Console, jobs) -> None:
    """What has not ended, and about how long it takes."""
    left = [job for job in jobs if not job.finished()]
    if not left:
        return
    console.print(f"{len(left)} of {len(jobs)} runs are left; the same command goes on with them:")
    for job in left:
        seconds = job.seconds()
        about = "" if seconds is None else f", about {seconds / 60:.1f} min"
        console.print(f"  {job.label}{about}", highlight=False, soft_wrap=True)


def _judged(table) -> Iterator[Table]:
    """A table of the paper's claims and one of our aims, if there are any of them."""
    from apical.reproduce.tables import number, ours

    for kind, demand in (("claim", "paper"), ("aim", "demand")):
        shown = terminal.table(kind, demand, "ours", "n", Column("verdict", no_wrap=True))
        for row in table:
            if row["kind"] == kind:
                verdict = f"{row['verdict']} {row['budget']}".strip()
                shown.add_row(row["id"], number(row["demand"]), ours(row), str(row["n"]), verdict)
        if shown.row_count:
            yield shown


def _print_coverage(console: Console, asked, table) -> None:
    """What of the paper the claims look into; not where only some were asked for."""
    from apical.reproduce import coverage

    if asked.only or not asked.paper.coverage:
        return
    shown = terminal.table(*coverage.COLUMNS)
    for item in coverage.cells(asked.paper.coverage, table):
        shown.add_row(*item)
    console.print(shown)


class _Face:
    """Progress over all runs, with the time that they take or are given."""

    def __init__(self, stack: ExitStack, console: Console, total: int, until: float):
        self._console, self._total, self._done = console, total, 0
        self._begin, self._until = time.monotonic(), until
        self._progress = stack.enter_context(bar(console, "runs"))
        self._bar = self._progress.add_task("reproduce", total=total, note="")

    def __call__(self, outcome) -> None:
        self._done += 1
        note = f"{outcome.job.label}: {outcome.failure or f'{outcome.seconds:.1f} s'}"
        self._progress.update(self._bar, advance=1, note=note)
        if not self._console.is_terminal:
            now = time.monotonic()
            left = (now - self._begin) / self._done * (self._total - self._done)
            left = max(0.0, min(left, self._until - now))
            self._console.print(
                f"{self._done}/{self._total} {note}, about {left / 60:.1f} min left",
                soft_wrap=True,
                highlight=False,
            )
