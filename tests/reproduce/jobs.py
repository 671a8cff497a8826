"""Jobs that train nothing: a process that carries them out need not wait for JAX."""

import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from apical.jobs.job import Job


@dataclass(frozen=True)
class Note(Job):
    """Writes a file."""

    path: Path
    estimate: float | None = None

    @property
    def label(self):
        return self.path.name

    @property
    def value(self):
        return 0.0

    def seconds(self):
        return self.estimate

    def finished(self):
        return self.path.exists()

    def execute(self, until=math.inf):
        self.path.touch()
        return {"status": "finished"}


@dataclass(frozen=True)
class Halved(Note):
    """Has too little time, always."""

    def execute(self, until=math.inf):
        return {"status": "interrupted"}


@dataclass(frozen=True)
class Endless(Note):
    """Does not end by itself."""

    def execute(self, until=math.inf):
        self.path.touch()
        time.sleep(3600)
        raise AssertionError("unreachable")


@dataclass(frozen=True)
class Deadly(Note):
    """Kills the process that carries it out."""

    def execute(self, until=math.inf):
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")
