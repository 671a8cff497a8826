"""A dask scheduler and workers in processes of their own, which may be killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


class DaskCluster:
    """A scheduler on loopback; as a context manager it ends with all its workers."""

    def __init__(self, folder: Path, *, port: int = 0):
        self._folder, self._started = folder, 0
        self.workers: list[subprocess.Popen] = []
        file = folder / "scheduler.json"
        file.unlink(missing_ok=True)
        where = ["--host", "127.0.0.1", "--port", str(port), "--scheduler-file", str(file)]
        self.scheduler = self._dask("scheduler", *where, "--no-dashboard")
        while not (file.exists() and "address" in file.read_text()):
            assert self.scheduler.poll() is None, "the scheduler did not start"
            time.sleep(0.05)
        from json import loads

        self.address: str = loads(file.read_text())["address"]

    def __enter__(self) -> "DaskCluster":
        return self

    def __exit__(self, *_) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
        for process in [*self.workers, self.scheduler]:
            process.wait()

    def start(
        self, count: int = 1, *, threads: int = 1, cwd: Path = ROOT, **variables: str
    ) -> None:
        """Further workers, with these environment variables too."""
        how = ["--nthreads", str(threads), "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
        self.workers += [
            self._dask("worker", self.address, *how, cwd=cwd, **variables) for _ in range(count)
        ]

    def kill_one(self, rng: random.Random) -> None:
        """Kill a worker and start another."""
        self.kill(rng.choice(self.workers).pid)

    def kill(self, pid: int, *, again: bool = True) -> None:
        """Kill the worker of a process, and start another."""
        (victim,) = [worker for worker in self.workers if worker.pid == pid]
        self.workers.remove(victim)
        os.kill(pid, signal.SIGKILL)
        victim.wait()
        if again:
            self.start()

    def _dask(self, *args: str, cwd: Path = ROOT, **variables: str) -> subprocess.Popen:
        self._started += 1
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        log = (self._folder / f"{args[0]}-{self._started}.log").open("w")
        local = ["--local-directory", str(self._folder)] if args[0] == "worker" else []
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *args, *local],
            cwd=cwd, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
