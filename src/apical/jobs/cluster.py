"""Workers of a dask scheduler, on as many machines as it has."""

import asyncio
import fcntl
import logging
import math
import pickle
import platform
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from apical.errors import ApicalError, UsageError
from apical.jobs.job import INTERRUPTED, Job, Outcome, carry_out
from apical.jobs.workers import Crew, DiedError, Workers
from apical.runs.interrupts import asked_by
from apical.runs.provenance import source, versions
from apical.runs.writing import told
from apical.values import extensions

CONNECT = 10.0
"""Seconds in which the scheduler must answer."""
NO_WORKERS = 60.0
"""Seconds in which a worker must come, at the beginning and after the last one went."""
LOOK = 0.5
"""Seconds between two looks at the scheduler's workers."""
LOCKED = 300.0
"""Seconds that a job waits for a folder. Its last holder's machine may have died, and a file server
keeps a lock for some time then; or it ends only after its epoch."""
TOKEN = ".cluster"
AGAIN = "what has ended is kept, and the same command goes on"


class Cluster(Workers):
    """The workers of a dask scheduler that runs already.

    Workers and this process must share the file system of `out`, and have the same code; both are
    checked before any job begins, and of workers that come later. What a worker had that dies is
    given to another by the scheduler; a job goes on from what its folder holds.

    **Arguments:**

    - `address`: of the scheduler, as in `tcp://10.0.0.1:8786`.
    - `out`: the folder in which all jobs write.

    **Raises:** `UsageError` if dask is not installed.
    """

    def __init__(self, address: str, out: Path):
        try:
            import distributed  # noqa: F401
        except ImportError:
            raise UsageError(
                "scheduler: dask is not installed; pip install 'apical[cluster]'"
            ) from None
        self.address, self.out = address, out.absolute()

    @property
    def told(self):
        return f"by the workers of {self.address}"

    @contextmanager
    def crew(self, *, alone):
        with _quiet(), _connected(self.address) as client, _standard(self.out) as standard:
            crew = _Dask(client, self.address, standard)
            crew.inspect()
            yield crew


@dataclass(frozen=True)
class Standard:
    """What a worker is held to: it has the code of the command, and sees the folder as it does."""

    file: Path
    token: str
    code: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...] = ()
    """Of the user's own, which jobs may have values of; each with its digest."""

    def trouble(self) -> str | None:
        """What is wrong with this process, as the end of a sentence; None: nothing."""
        here = dict(_code())
        for name, wanted in self.code:
            if here[name] != wanted:
                return f"has {name} {here[name]}, this command has {wanted}; give both the same"
        for path, digest in self.files:
            if trouble := extensions.trouble_with(path, digest):
                return trouble
        out = self.file.parent
        unseen = (
            f"does not see {out}, or may not write there; choose an --out on a file system that "
            "workers and this command share"
        )
        try:
            with self.file.open("r+") as file:
                if file.read() != self.token:
                    return unseen
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return None
        except OSError:
            return unseen
        return (
            f"does not see that {self.file} is locked: that file system keeps no lock across "
            "machines, so two of them could write one run; choose another --out"
        )


@cache
def _code() -> tuple[tuple[str, str], ...]:
    """What of this process's code decides about results; as it was when it was first asked."""
    python = ".".join(platform.python_version_tuple()[:2])
    dask = {"dask": version("dask"), "distributed": version("distributed")}
    told = {"Python": python, **versions(), **dask, "modules of apical": source()}
    return tuple(told.items())


@contextmanager
def _standard(out: Path) -> Iterator[Standard]:
    """The standard of a command, whose lock of a file in `out` workers must meet."""
    file = out / TOKEN
    standard = Standard(file, uuid.uuid4().hex, _code(), extensions.files())
    with told(out):
        out.mkdir(parents=True, exist_ok=True)
        held = file.open("a")  # which leaves the token of another that holds it
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{out}: another command gives its jobs to a scheduler; wait until it has ended, "
                "or choose another folder"
            ) from None
        with told(file):
            held.truncate(0)
            held.write(standard.token)
            held.flush()
        try:
            yield standard
        finally:
            with suppress(OSError):
                file.unlink()


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler. Raises `ApicalError` if none answers."""
    from distributed import Client

    try:
        # Not by the client, which waits for ever for the answer of another kind of server, such as
        # that of the dashboard, and hangs when it is taken apart then. In a thread, since a
        # notebook has a loop of its own at work in this one.
        with ThreadPoolExecutor(1) as thread:
            kind = thread.submit(asyncio.run, _kind(address)).result()
        if kind != "Scheduler":
            raise OSError(f"what is there is a dask {kind.lower()}")
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or "what is there speaks no dask"
        raise ApicalError(
            f"scheduler: no dask scheduler answers at {address} ({reason:.120}); start one by "
            "`dask scheduler` and give the address that it prints, as in tcp://10.0.0.1:8786"
        ) from None
    try:
        yield client
    finally:
        with suppress(Exception):  # of a scheduler that is gone
            client.close(timeout=CONNECT)


async def _kind(address: str) -> str:
    """The kind of dask server that answers."""
    from distributed import rpc

    async with rpc(address, timeout=CONNECT) as server:
        return (await asyncio.wait_for(server.identity(), CONNECT + 1.0))["type"]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without dask's log: what matters of it is told in one line."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


class _Dask(Crew):
    def __init__(self, client: Any, address: str, standard: Standard):
        self._client, self._address, self._standard = client, address, standard
        # One that nobody holds is dropped by the scheduler.
        self._begun: set[Future] = set()
        self._seen = time.monotonic()
        """When there was a worker last."""

    def inspect(self) -> None:
        """Wait for a worker. Raises `ApicalError` if none comes or one is not as it must be."""
        while not self.places():
            time.sleep(LOOK)
        found = self._asked(
            lambda: self._client.run(Standard.trouble, self._standard, on_error="return")
        )
        for worker, trouble in found.items():
            if isinstance(trouble, OSError):
                continue  # it died meanwhile
            if isinstance(trouble, Exception):
                trouble = f"cannot run apical ({_short(trouble)}); install the same there"
            if trouble is not None:
                raise ApicalError(f"scheduler: worker {worker} {trouble}")

    def places(self):
        threads = self._asked(self._client.nthreads)
        for worker, count in threads.items():
            if count > 1:
                raise ApicalError(
                    f"scheduler: worker {worker} has {count} threads, and a process does one job "
                    "at a time; start it with --nthreads 1"
                )
        now = time.monotonic()
        if threads:
            self._seen = now
        elif now - self._seen > NO_WORKERS:
            raise ApicalError(
                f"scheduler: {self._address} has no workers; start some, as by `dask worker "
                f"{self._address} --nthreads 1 --memory-limit 0`; {AGAIN}"
            )
        return len(threads)

    def begin(self, job, until):
        # Machines have no monotonic clock in common.
        wall = until if until == math.inf else time.time() + until - time.monotonic()
        executor = self._client.get_executor(pure=False)
        future = self._asked(
            lambda: executor.submit(
                _work,
                pickle.dumps(job),
                wall,
                self._standard,
                key=f"{job.label} {uuid.uuid4().hex}",
            )
        )
        self._begun.add(future)
        return future

    def wait(self, pending, seconds):
        seconds = min(seconds, LOOK)
        if not pending:
            time.sleep(seconds)
        return wait(pending, seconds, return_when=FIRST_COMPLETED).done

    def outcome(self, ended):
        from distributed import KilledWorker

        self._begun.discard(ended)
        try:
            return ended.result()
        except KilledWorker:
            raise DiedError from None
        except CancelledError:
            raise self._gone() from None
        except _UnfitError as error:
            raise ApicalError(f"scheduler: worker {error}; {AGAIN}") from None
        except Exception as error:
            raise ApicalError(
                f"scheduler: a worker could not begin a job ({_short(error)}); install there what "
                f"is installed here; {AGAIN}"
            ) from None

    def stop(self):
        with suppress(Exception):  # of a scheduler that is gone
            for future in self._begun if self._client.status == "running" else ():
                future.cancel()
        self._begun.clear()

    def _asked(self, question: Callable[[], Any]) -> Any:
        """What the scheduler answers. Raises `ApicalError` if it is gone."""
        if self._client.status != "running":
            raise self._gone()
        try:
            return question()
        except (OSError, CancelledError, RuntimeError):
            raise self._gone() from None

    def _gone(self) -> ApicalError:
        return ApicalError(
            f"scheduler: the connection to {self._address} is lost; start one again: {AGAIN}"
        )


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()):.120}"


class _UnfitError(Exception):
    """A worker that came later is not as it must be."""


def _work(pickled: bytes, wall: float, standard: Standard) -> Outcome:
    """Carry out a job in a worker's thread, once the files that its values may be of are loaded."""
    from distributed import Reschedule, get_worker

    worker = get_worker()
    key = worker.get_current_task()
    if trouble := standard.trouble():
        raise _UnfitError(f"{worker.address} {trouble}")
    job: Job = pickle.loads(pickled)

    def stop() -> bool:
        """Whether nobody waits for it any longer, or the worker goes."""
        task = worker.state.tasks.get(key)
        unwanted = task is None or task.state == "cancelled"
        return unwanted or worker.status.name not in ("running", "paused")

    until = wall if wall == math.inf else time.monotonic() + wall - time.time()
    with asked_by(stop):
        outcome = carry_out(job, until, LOCKED)
        if outcome.failure == INTERRUPTED and stop():
            raise Reschedule  # a worker that is told to go leaves it to another
    return outcome
