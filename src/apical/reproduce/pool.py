"""Runs side by side in processes, each with its share of the cores."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from apical.reproduce.experiment import Run

ATTEMPTS = 2
"""How often a run is begun whose process died under it."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `failure` is None if it ended well."""

    run: Run
    seconds: float
    failure: str | None


def execute(runs: Sequence[Run], jobs: int, report: Callable[[Outcome], None]) -> list[Outcome]:
    """Execute all runs, `jobs` at a time; a failure does not stop the others.

    A process that dies (out of memory, killed) takes its pool with it; what had
    not ended is begun again in a new one, up to `ATTEMPTS` times.
    """
    outcomes: list[Outcome] = []
    left = list(runs)

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        report(outcome)

    for _ in range(ATTEMPTS):
        if left:
            left = _attempt(left, jobs, done)
    for run in left:
        done(Outcome(run, 0.0, f"its process died {ATTEMPTS} times"))
    return outcomes


def _attempt(runs: list[Run], jobs: int, done: Callable[[Outcome], None]) -> list[Run]:
    """One pool's work; the runs that had not ended when it broke."""
    shares = _shares(jobs)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for share in shares:
        queue.put(share)
    pool = ProcessPoolExecutor(jobs, context, initializer=_prepare, initargs=(queue,))
    lost = []
    try:
        pending = {pool.submit(_execute, run): run for run in runs}
        for future in _as_they_end(pending):
            try:
                done(future.result())
            except BrokenProcessPool:
                lost.append(pending[future])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return lost


def _as_they_end(futures: Iterable[Future]) -> Iterable[Future]:
    left = set(futures)
    while left:
        ended, left = wait(left, return_when=FIRST_COMPLETED)
        yield from ended


def _shares(jobs: int) -> list[set[int]]:
    """Which cores each process may use; all of them if there are more jobs than cores."""
    cores = sorted(os.sched_getaffinity(0))
    if jobs > len(cores):
        return [set(cores)] * jobs
    return [set(cores[i::jobs]) for i in range(jobs)]


def _prepare(queue) -> None:
    """JAX makes as many threads as it may use cores, so this comes before its first use."""
    os.sched_setaffinity(0, queue.get())


def _execute(run: Run) -> Outcome:
    begin = time.monotonic()
    failure = None
    try:
        summary = run.execute()
        if summary["status"] != "finished":
            failure = summary["status"]
    except Exception as error:  # whatever it is, the other runs go on and the end reports it
        failure = f"{type(error).__name__}: {error}"
    return Outcome(run, time.monotonic() - begin, failure)
