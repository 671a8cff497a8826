"""Jobs side by side in processes, each with its share of the cores, as long as there is time."""

import math
import multiprocessing
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
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

    @property
    @abstractmethod
    def value(self) -> float:
        """What it is worth beside others, where there is no time for all."""

    @abstractmethod
    def seconds(self) -> float | None:
        """About what is left of it to do; None: nobody knows."""

    @abstractmethod
    def finished(self) -> bool:
        """Whether it was carried out in full."""

    @abstractmethod
    def execute(self, until: float = math.inf) -> dict[str, Any]:
        """Carry it out, or part of it where it would not end by `until`, a time of
        `time.monotonic`; `status` is "finished" if it ended well, "interrupted" if it will go on.
        """


@dataclass(frozen=True)
class Outcome:
    """How a job ended; `failure` is None if it ended well."""

    job: Job
    seconds: float
    failure: str | None


INTERRUPTED = "interrupted"
"""The failure of a job for which there was too little time; it goes on when it is next begun."""
SAVING = 3.0
"""Seconds, or a tenth of the time if that is less, for a job to save what it has done."""


def execute(
    jobs: Sequence[Job],
    at_once: int,
    report: Callable[[Outcome], None],
    until: float = math.inf,
) -> list[Outcome]:
    """Execute all jobs, `at_once` of them at a time; a failure does not stop the others.

    **Arguments:**

    - `jobs`: each is sent to its process by pickling.
    - `report`: called with each outcome as it comes.
    - `until`: a time of `time.monotonic`, which is the same in all processes. A job that would not
      end by then is begun only if no other would. What is at work then is interrupted, and killed
      if it takes longer; after that nothing is begun but what would end. What was not begun has
      no outcome.

    A process that dies (out of memory, killed) takes its pool with it. What had not ended then is
    begun again, each in a process of its own, so that only the job that kills it is lost.
    Ctrl-C ends the processes at once; their runs go on from their last checkpoint next time.
    """
    outcomes: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        report(outcome)

    for job in _pool(jobs, at_once, done, until):
        for dead in _pool([job], 1, done, until):
            done(Outcome(dead, 0.0, "its process died, twice"))
    return outcomes


def _pool(
    jobs: Sequence[Job], at_once: int, done: Callable[[Outcome], None], until: float
) -> list[Job]:
    """One pool's work; the jobs that had not ended when a process of it died."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for share in _shares(at_once):
        queue.put(share)
    pool = ProcessPoolExecutor(at_once, context, initializer=_prepare, initargs=(queue,))
    lost: list[Job] = []
    waiting = list(jobs)
    pending: dict[Future, Job] = {}
    began = time.monotonic()
    late = False
    try:
        while True:
            while len(pending) < at_once and (job := _next(waiting, until, late)) is not None:
                waiting.remove(job)
                stop = until - min(SAVING, (until - time.monotonic()) / 10)
                try:
                    pending[pool.submit(_execute, job, stop)] = job
                except BrokenProcessPool:
                    lost.append(job)
            if not pending:
                return lost
            left = None if until == math.inf else max(0.0, until - time.monotonic())
            ended, _ = wait(pending, left, return_when=FIRST_COMPLETED)
            for future in ended:
                job = pending.pop(future)
                try:
                    outcome = future.result()
                    late = late or outcome.failure == INTERRUPTED
                    done(outcome)
                except BrokenProcessPool:
                    lost.append(job)
            if not ended:
                _kill()
                for job in pending.values():
                    done(Outcome(job, time.monotonic() - began, INTERRUPTED))
                return []
    except KeyboardInterrupt:
        _kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _next(waiting: Sequence[Job], until: float, late: bool) -> Job | None:
    """The first job that would or may end by `until`, or the first of all.

    Once it is late, since a job was interrupted, only one that would; None if there is none.
    """
    left = until - time.monotonic()
    if not waiting or left <= 0:
        return None
    if left == math.inf:
        return waiting[0]
    unknown = math.inf if late else 0.0
    for job in waiting:
        seconds = job.seconds()
        if (unknown if seconds is None else seconds) <= left:
            return job
    return None if late else waiting[0]


def _kill() -> None:
    for process in multiprocessing.active_children():
        process.kill()


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


def _execute(job: Job, until: float) -> Outcome:
    begin = time.monotonic()
    failure = None
    try:
        summary = job.execute(until)
        if summary["status"] != "finished":
            failure = summary["status"]
    except Exception as error:  # whatever it is, the others go on and the end reports it
        mistake = isinstance(error, ApicalError)
        failure = str(error) if mistake else f"{type(error).__name__}: {error}"
    return Outcome(job, time.monotonic() - begin, failure)
