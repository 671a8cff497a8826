"""A command in a process of its own, watched from its start to its end.

The process is a fork of this one, which has imported everything, so that a command line costs
milliseconds and not the seconds that Python and JAX take to start. This process must therefore
never compute: JAX's threads do not survive a fork.
"""

import atexit
import contextlib
import importlib
import os
import pkgutil
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psutil

LAZY = (
    "matplotlib.pyplot", "PIL.Image", "scipy.stats",
    "sklearn.datasets", "tensorboardX",
)  # fmt: skip
"""What commands import only when they need it."""

FREE = 2 << 30
"""Bytes of memory that a command finds free, so that it refuses giants before they hurt."""
MEMORY = 4 << 30
"""Bytes of memory with which a command is ended, beyond those it has at its start."""
FILE_SIZE = 1 << 30
"""Bytes of the largest file that it may write."""
PATIENCE = 45.0
"""Seconds that Ctrl-C may take, and processes that a command has started may outlive it."""
WAITING = 10
"""How much longer a command may wait than compute: other programs need the core too."""

Work = Callable[[], None]


def warm() -> None:
    """Import all of apical and what its commands import."""
    import apical

    for module in pkgutil.walk_packages(apical.__path__, "apical."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in LAZY:
        importlib.import_module(name)


def command(argv: list[str]) -> Work:
    """What `apical ARGV` does."""

    def run() -> None:
        from apical.cli.main import main

        sys.argv = ["apical", *argv]
        try:
            main(argv)
        finally:  # as Python does at the end of a program
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()

    return run


@dataclass(frozen=True)
class Ended:
    """How a command ended. A negative code is the signal that ended it."""

    code: int
    seconds: float
    out: str
    err: str
    sent: tuple[int, ...] = ()
    """The signals that it was sent."""
    faults: tuple[str, ...] = ()
    """What was seen from outside: too much memory or time, processes left behind."""
    late: bool = False
    """Whether its time was up."""


BROKEN_PIPE = "a broken pipe"


class Place:
    """A folder for one command after the other: `work`, where they run, `home` and `tmp`."""

    def __init__(self, path: Path):
        self.path = path
        self.work, self.home, self.tmp = path / "work", path / "home", path / "tmp"
        self.environment: dict[str, str] = {}
        self.encoding = "utf-8"
        """Of what a command says."""
        self.output = ""
        """Where that goes, if it is not to be read: a path or `BROKEN_PIPE`."""
        for folder in (self.work, self.home, self.tmp):
            folder.mkdir(parents=True, exist_ok=True)

    def files(self) -> set[Path]:
        """Everything that lies in it."""
        return {Path(root, name) for root, _, names in os.walk(self.path) for name in names}


@contextlib.contextmanager
def scratch(within: Path | None = None) -> Iterator[Path]:
    """A folder for a while. Children run what is registered for the end of Python, as a command
    does, so `tempfile.TemporaryDirectory` would be gone with the first of them."""
    path = Path(tempfile.mkdtemp(prefix="torture-", dir=within))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Process:
    """A command that runs in a place."""

    def __init__(self, work: Work, place: Place):
        self._out, self._err = place.path / "stdout", place.path / "stderr"
        for path in (self._out, self._err):
            path.write_text("")  # it may be killed before it says anything
        self._sent: list[int] = []
        self._faults: list[str] = []
        self._code: int | None = None
        self._computed = 0.0
        self._began_with: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        # Ctrl-C must not meet the child before it is ready for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._start = time.monotonic()
        self._pid = os.fork()
        if self._pid == 0:
            _live(work, place, self._out, self._err)
        with contextlib.suppress(OSError):  # both set it, so that it holds for both at once
            os.setpgid(self._pid, self._pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def runs_after(self, seconds: float) -> bool:
        """Whether it still runs so many seconds after its start; returns as soon as it does not."""
        return self._runs_until(lambda: time.monotonic() - self._start >= seconds)

    def _runs_until(self, is_time: Callable[[], bool]) -> bool:
        pause = 0.002
        while self._code is None:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
            elif is_time():
                return True
            else:
                self._watch()
                time.sleep(pause)
                pause = min(1.2 * pause, 0.03)
        return False

    def send(self, number: int, group: bool = True) -> None:
        """Send a signal, as a terminal does to all processes of a command, or to the first only."""
        self._sent.append(number)
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self._pid, number)

    def end(self, limit: float) -> Ended:
        """Wait for its end; when it has computed for `limit` seconds Ctrl-C, and then force.

        What waits and does not compute has `WAITING` times as long.
        """

        def is_late() -> bool:
            if signal.SIGINT in self._sent:
                return True
            return self._computed > limit or time.monotonic() - self._start > WAITING * limit

        late = self._runs_until(is_late)
        if late:
            self.send(signal.SIGINT)
            if self.runs_after(time.monotonic() - self._start + PATIENCE):
                self._faults.append("hang")
                self.send(signal.SIGKILL)
                self.runs_after(float("inf"))
        seconds = time.monotonic() - self._start
        self._gather_orphans()
        assert self._code is not None
        told = [path.read_text(errors="replace") for path in (self._out, self._err)]
        return Ended(
            self._code, seconds, told[0], told[1], tuple(self._sent), tuple(self._faults), late
        )

    def _watch(self) -> None:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._pid)
            times = process.cpu_times()
            self._computed = times.user + times.system
            there = process.memory_info().rss
            if self._began_with is None:
                self._began_with = there
            if there - self._began_with > MEMORY:
                self._faults.append("memory")
                self.send(signal.SIGKILL)

    def _gather_orphans(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while _alive(self._pid):
            if time.monotonic() > deadline:
                self._faults.append("processes left behind")
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._pid, signal.SIGKILL)
                return
            time.sleep(0.02)


def run(work: Work, place: Place, limit: float) -> Ended:
    """Run it to its end."""
    return Process(work, place).end(limit)


def _alive(group: int) -> bool:
    """Whether a process of the group still runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return any(_is_of(process, group) for process in psutil.process_iter())


def _is_of(process: psutil.Process, group: int) -> bool:
    try:
        dead = process.status() == psutil.STATUS_ZOMBIE
        return not dead and os.getpgid(process.pid) == group
    except (psutil.Error, ProcessLookupError):
        return False


def _live(work: Work, place: Place, out: Path, err: Path) -> NoReturn:
    """All of the child's life."""
    code = 1
    try:
        _settle(place, out, err)
        code = _exit_code(work)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _settle(place: Place, out: Path, err: Path) -> None:
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    for number, path in enumerate((Path(os.devnull), out, err)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(path, flags), number)
    sys.stdin = os.fdopen(0, closefd=False)
    if place.output == BROKEN_PIPE:
        read, write = os.pipe()
        os.close(read)
        os.dup2(write, 1)
    elif place.output:
        os.dup2(os.open(place.output, os.O_WRONLY), 1)
    sys.stdout = os.fdopen(1, "w", closefd=False, encoding=place.encoding)
    sys.stderr = os.fdopen(2, "w", 1, place.encoding, "backslashreplace", closefd=False)
    os.chdir(place.work)
    os.environ.update(
        HOME=str(place.home), TMPDIR=str(place.tmp), APICAL_DATA="", APICAL_CACHE="",
        http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9", no_proxy="",
    )  # fmt: skip
    os.environ.update(place.environment)
    tempfile.tempdir = None
    there = psutil.virtual_memory()
    psutil.virtual_memory = lambda: there._replace(available=min(there.available, FREE))


def _exit_code(work: Work) -> int:
    """Do it; the code that Python would exit with, after telling what it would tell."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    except KeyboardInterrupt:
        print("interrupted before it began", file=sys.stderr)
        return 130
    try:
        work()
    except SystemExit as exit:
        if exit.code is None or isinstance(exit.code, int):
            return int(exit.code or 0)
        print(exit.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
