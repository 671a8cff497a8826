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

from apical.errors import ApicalError


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
    """How a job ended; `failure` is None if it ended well."""

    job: Job
    seconds: float
    failure: str | None


def execute(jobs: Sequence[Job], at_once: int, report: Callable[[Outcome], None]) -> list[Outcome]:
    """Execute all jobs, `at_once` of them at a time; a failure does not stop the others.

    **Arguments:**

    - `jobs`: each is sent to its process by pickling.
    - `report`: called with each outcome as it comes.

    A process that dies (out of memory, killed) takes its pool with it. What had not ended then is
    begun again, each in a process of its own, so that only the job that kills it is lost.
    Ctrl-C ends the processes at once; their runs go on from their last checkpoint next time.
    """
    outcomes: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        report(outcome)

    for job in _pool(jobs, at_once, done):
        for dead in _pool([job], 1, done):
            done(Outcome(dead, 0.0, "its process died, twice"))
    return outcomes


def _pool(jobs: Sequence[Job], at_once: int, done: Callable[[Outcome], None]) -> list[Job]:
    """One pool's work; the jobs that had not ended when a process of it died."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for share in _shares(at_once):
        queue.put(share)
    pool = ProcessPoolExecutor(at_once, context, initializer=_prepare, initargs=(queue,))
    lost = []
    pending: dict[Future, Job] = {}
    try:
        for job in jobs:
            try:
                pending[pool.submit(_execute, job)] = job
            except BrokenProcessPool:
                lost.append(job)
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


def _shares(processes: int) -> list[set[int]]:
    """Which cores each process may use; all of them if there are more processes than cores."""
    mine = cores()
    if processes > len(mine):
        return [set(mine)] * processes
    return [set(mine[i::processes]) for i in range(processes)]


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


def _execute(job: Job) -> Outcome:
    begin = time.monotonic()
    failure = None
    try:
        summary = job.execute()
        if summary["status"] != "finished":
            failure = summary["status"]
    except Exception as error:  # whatever it is, the others go on and the end reports it
        mistake = isinstance(error, ApicalError)
        failure = str(error) if mistake else f"{type(error).__name__}: {error}"
    return Outcome(job, time.monotonic() - begin, failure)
