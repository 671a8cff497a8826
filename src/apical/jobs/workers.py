"""Who carries out jobs, and how jobs are handed to them as long as there is time."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager

from apical.jobs.job import INTERRUPTED, Job, Outcome

SAVING = 3.0
"""Seconds, or a tenth of the time if that is less, for a job to save what it has done."""


class Crew(ABC):
    """Processes that are ready for jobs."""

    @abstractmethod
    def places(self) -> int:
        """How many jobs may be at work at once, now."""

    @abstractmethod
    def begin(self, job: Job, until: float) -> Future[Outcome]:
        """Hand a job over; `job.carry_out` is called there."""

    @abstractmethod
    def wait(self, pending: Collection[Future], seconds: float) -> Collection[Future]:
        """Those that have ended, once any has; none after `seconds`, or for a look at `places`.

        Raises `ApicalError` if none will ever end, since whoever handed them over is gone.
        """

    @abstractmethod
    def outcome(self, ended: Future[Outcome]) -> Outcome:
        """How a job ended. Raises `DiedError` if its process died, `ApicalError` as `wait`."""

    @abstractmethod
    def stop(self) -> None:
        """What is at work ends; it goes on from its last checkpoint when it is next begun."""


class DiedError(Exception):
    """The process that did a job is gone and has not told how it ended."""


class Workers(ABC):
    """Where jobs are carried out."""

    @property
    @abstractmethod
    def told(self) -> str:
        """How progress tells of it, as in "4 at a time"."""

    @abstractmethod
    def crew(self, *, alone: bool) -> AbstractContextManager[Crew]:
        """A crew for many jobs, or for one that may have killed its process (`alone`).

        Raises `ApicalError` if none can be had.
        """


def execute(
    jobs: Sequence[Job],
    workers: Workers,
    report: Callable[[Outcome], None],
    until: float = math.inf,
) -> list[Outcome]:
    """Execute all jobs, as many at a time as there are places; a failure stops no other.

    **Arguments:**

    - `jobs`: each is sent to its process by pickling.
    - `workers`: where they are carried out, as `Processes(4)` or `Cluster("tcp://...", out)`.
    - `report`: called with each outcome as it comes.
    - `until`: a time of `time.monotonic`. A job that would not end by then is begun only if no
      other would. What is at work then is interrupted, and stopped if it takes longer; after that
      nothing is begun but what would end. What was not begun has no outcome.

    What had not ended when its process died (out of memory, killed) is begun again, each by itself,
    so that only the job that kills it is lost. Ctrl-C stops what is at work; runs go on from their
    last checkpoint next time.

    **Raises:** `ApicalError` if there are no workers, or no more; what has ended is kept.
    """
    outcomes: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        report(outcome)

    for job in _hand_over(jobs, workers, done, until):
        for dead in _hand_over([job], workers, done, until, alone=True):
            done(Outcome(dead, 0.0, "its process died each time"))
    return outcomes


def _hand_over(
    jobs: Sequence[Job],
    workers: Workers,
    done: Callable[[Outcome], None],
    until: float,
    *,
    alone: bool = False,
) -> list[Job]:
    """One crew's work; the jobs whose processes died."""
    lost: list[Job] = []
    waiting = list(jobs)
    pending: dict[Future, Job] = {}
    began = time.monotonic()
    late = False
    with workers.crew(alone=alone) as crew:
        try:
            while True:
                while len(pending) < crew.places():
                    if (job := _next(waiting, until, late)) is None:
                        break
                    waiting.remove(job)
                    stop = until - min(SAVING, (until - time.monotonic()) / 10)
                    pending[crew.begin(job, stop)] = job
                if not pending and (not waiting or late or time.monotonic() >= until):
                    return lost
                for future in crew.wait(pending, max(0.0, until - time.monotonic())):
                    job = pending.pop(future)
                    try:
                        outcome = crew.outcome(future)
                        late = late or outcome.failure == INTERRUPTED
                        done(outcome)
                    except DiedError:
                        lost.append(job)
                if pending and time.monotonic() >= until:
                    crew.stop()
                    for job in pending.values():
                        done(Outcome(job, time.monotonic() - began, INTERRUPTED))
                    return []
        except BaseException:
            crew.stop()
            raise


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
