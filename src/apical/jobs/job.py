"""A job, and how it ended."""

import math
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from apical.errors import ApicalError
from apical.runs import interrupts
from apical.runs.lock import InUseError


class Job(ABC):
    """A piece of work that is done once and found again; it writes what it does itself."""

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


def carry_out(job: Job, until: float = math.inf, patience: float = 0.0) -> Outcome:
    """Execute a job where it is; what goes wrong is in the outcome.

    A folder that another process holds is waited for, `patience` seconds at the most.
    """
    begin = time.monotonic()
    failure = None
    try:
        status = _when_free(job, until, begin + patience)["status"]
        if status != "finished":
            failure = status
    except Exception as error:  # whatever it is, the others go on and the end reports it
        mistake = isinstance(error, ApicalError)
        failure = str(error) if mistake else f"{type(error).__name__}: {error}"
    return Outcome(job, time.monotonic() - begin, failure)


def _when_free(job: Job, until: float, give_up: float) -> dict[str, Any]:
    while True:
        # One that ended as its process died is not begun again.
        if job.finished():
            return {"status": "finished"}
        try:
            return job.execute(until)
        except InUseError:
            if time.monotonic() >= give_up or interrupts.asked():
                raise
        time.sleep(1.0)
