"""A job that takes its time and can be gone on with, without JAX."""

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from apical.jobs.job import Job
from apical.runs import interrupts
from apical.runs.lock import locked


@dataclass(frozen=True)
class Steps(Job):
    """Writes a line a step, and goes on after the last one; told apart by what it began and ended.

    `log` has "PID begun STEP", and at the end "PID ended".
    """

    folder: Path
    steps: int = 10
    pause: float = 0.05

    @property
    def label(self):
        return self.folder.name

    @property
    def value(self):
        return 0.0

    @property
    def lines(self) -> list[str]:
        done = self.folder / "done"
        return done.read_text().splitlines() if done.exists() else []

    @property
    def log(self) -> list[str]:
        return (self.folder / "log").read_text().splitlines()

    def seconds(self):
        return (self.steps - len(self.lines)) * self.pause

    def finished(self):
        return len(self.lines) == self.steps

    def execute(self, until=math.inf):
        with locked(self.folder, "steps"):
            self._note(f"begun {len(self.lines)}")
            for step in range(len(self.lines), self.steps):
                if time.monotonic() + self.pause > until or interrupts.asked():
                    return {"status": "interrupted"}
                time.sleep(self.pause)
                with (self.folder / "done").open("a") as file:
                    file.write(f"{step}\n")
            self._note("ended")
        return {"status": "finished"}

    def _note(self, what: str) -> None:
        with (self.folder / "log").open("a") as file:
            file.write(f"{os.getpid()} {what}\n")
