"""Jobs side by side in processes, each with its share of the cores."""

import multiprocessing
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any


class Job(ABC):
    """A piece of a paper's evidence that is made once and found again."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What progress and failures call it."""

    @abstractmethod
    def finished(self) -> bool:
        """Whether it was carried out in full."""

    @abstractmethod
    def execute(self) -> dict[str, Any]:
        """Carry it out; `status` is "finished" if it ended well."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `failure` is None if it ended well."""

    run: Job
    seconds: float
    failure: str | None


def execute(runs: Sequence[Job], jobs: int, report: Callable[[Outcome], None]) -> list[Outcome]:
    """Execute all runs, `jobs` at a time; a failure does not stop the others.

    A process that dies (out of memory, killed) takes its pool with it. What had not ended then is
    run again, each in a process of its own, so that only the run that kills it is lost.
    Ctrl-C ends the processes at once; their runs go on from their last checkpoint next time.
    """
    outcomes: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        report(outcome)

    for run in _pool(runs, jobs, done):
        for dead in _pool([run], 1, done):
            done(Outcome(dead, 0.0, "its process died, twice"))
    return outcomes


def _pool(runs: Sequence[Job], jobs: int, done: Callable[[Outcome], None]) -> list[Job]:
    """One pool's work; the runs that had not ended when a process of it died."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for share in _shares(jobs):
        queue.put(share)
    pool = ProcessPoolExecutor(jobs, context, initializer=_prepare, initargs=(queue,))
    lost = []
    pending: dict[Future, Job] = {}
    try:
        for run in runs:
            try:
                pending[pool.submit(_execute, run)] = run
            except BrokenProcessPool:
                lost.append(run)
        for future in _as_they_end(pending):
            try:
                done(future.result())
            except BrokenProcessPool:
                lost.append(pending[future])
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.kill()
        raise
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
    mine = cores()
    if jobs > len(mine):
        return [set(mine)] * jobs
    return [set(mine[i::jobs]) for i in range(jobs)]


def cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _prepare(queue) -> None:
    """Before JAX is first used, since it makes as many threads as it may use cores."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    share = queue.get()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, share)


def _die_with_parent() -> None:
    """A killed parent must not leave processes behind that write into its runs."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _execute(run: Job) -> Outcome:
    begin = time.monotonic()
    failure = None
    try:
        summary = run.execute()
        if summary["status"] != "finished":
            failure = summary["status"]
    except Exception as error:  # whatever it is, the other runs go on and the end reports it
        failure = f"{type(error).__name__}: {error}"
    return Outcome(run, time.monotonic() - begin, failure)
