"""Jobs that train nothing: a process that carries them out need not wait for JAX."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from apical.reproduce.pool import Job


@dataclass(frozen=True)
class Note(Job):
    """Writes a file."""

    path: Path

    @property
    def label(self):
        return self.path.name

    def finished(self):
        return self.path.exists()

    def execute(self):
        self.path.touch()
        return {"status": "finished"}


@dataclass(frozen=True)
class Deadly(Note):
    """Kills the process that carries it out."""

    def execute(self):
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")
