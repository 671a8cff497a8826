"""Hosts that train together by one command, given to each: how they meet, and end together.

Each has a thread that looks once a second at a board which all can write to, JAX's own. A mistake
of one host is put there, and ends the others with a line, which wait for it in the middle of a
program and would do so for ever.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from apical.errors import ApicalError, UsageError

AUTO = "auto"
MEET = 300
"""Seconds in which all must have begun."""
SILENT = 60.0
"""Seconds without a sign of life after which a host is given up."""
ALIKE = 5.0
"""Seconds in which a host may come to the same end by itself, as where all see that a loss
diverged."""
LOOK = 1.0
TROUBLE, SIGNS, END = "apical/trouble", "apical/signs/", "apical/end"


@dataclass(frozen=True)
class HostOptions:
    """Several hosts, each of which is given the same command, but for `host`."""

    hosts: str = "1"
    """How many hosts share each minibatch, with so many devices each; "auto": SLURM, Open MPI,
    Kubernetes or a TPU pod has started the commands, and says which is which."""
    host: int | None = None
    """Which of them this is, 0 or more; number 0 alone writes OUT."""
    coordinator: str | None = None
    """HOST:PORT of number 0, a free port that the others reach."""


@contextmanager
def joined(asked: HostOptions) -> Iterator[bool]:
    """Within the block the hosts are one; whether this is the first of them.

    Raises `UsageError` for options that do not go together, `ApicalError` if the others do not
    come. Where another host ends by a mistake, this process does, with code 1.
    """
    if not _several(asked):
        yield True
        return
    import jax
    from jax._src.distributed import global_state  # the board has no public name

    # By default SIGTERM would be noted for checkpoints of JAX's own, and end nothing.
    jax.config.update("jax_enable_preemption_service", False)
    _meet(asked)
    number = jax.process_index()
    watch = _Watch(global_state.client, number, jax.process_count())
    watch.start()
    try:
        yield number == 0
    except BaseException as error:
        watch.fail(error)
        raise
    watch.stop()
    jax.distributed.shutdown()


def _several(asked: HostOptions) -> bool:
    """Whether there is more than one host. Raises `UsageError` if it is not said which is which."""
    given = asked.host is not None or asked.coordinator is not None
    if asked.hosts == AUTO:
        if given:
            raise UsageError(f"hosts: {AUTO} finds host and coordinator by itself; leave them out")
        return True
    if not asked.hosts.isdecimal() or int(asked.hosts) < 1:
        raise UsageError(f"hosts: must be a number or {AUTO}, got {asked.hosts}")
    count = int(asked.hosts)
    if count == 1 and not given:
        return False
    if asked.host is None or not 0 <= asked.host < count:
        raise UsageError(
            f"host: must be a number from 0 to {count - 1}, one for each of {count} hosts, got "
            f"{asked.host}"
        )
    _, colon, port = (asked.coordinator or "").rpartition(":")
    if not (colon and port.isdecimal()):
        raise UsageError(
            f"coordinator: must be HOST:PORT of host 0, as in 10.0.0.1:1234, got "
            f"{asked.coordinator}"
        )
    return count > 1


def _meet(asked: HostOptions) -> None:
    import jax

    try:
        if asked.hosts == AUTO:
            jax.distributed.initialize()
        else:
            jax.distributed.initialize(
                asked.coordinator,
                int(asked.hosts),
                asked.host,
                cluster_detection_method="deactivate",
                initialization_timeout=MEET,
            )
    except ValueError:
        raise UsageError(
            f"hosts: {AUTO} finds no SLURM, Open MPI, Kubernetes or TPU pod here; give the number "
            "of hosts, host and coordinator"
        ) from None
    except RuntimeError as error:
        first = str(error).partition("\n")[0]
        raise ApicalError(
            f"hosts: they did not meet at {asked.coordinator or 'the coordinator'} within {MEET} s "
            f"({first:.120}); start the command on each, with one coordinator that all reach"
        ) from None


class _Watch(threading.Thread):
    """Looks at the board until it is stopped."""

    def __init__(self, board: Any, number: int, count: int):
        super().__init__(daemon=True)
        self._board, self._number, self._count = board, number, count
        self._stopped, self._ending = threading.Event(), threading.Event()

    def run(self) -> None:
        seen, changed, looks = (
            dict[int, str](),
            dict.fromkeys(range(self._count), time.monotonic()),
            0,
        )
        while not self._stopped.wait(LOOK):
            looks += 1
            try:
                self._board.key_value_set(
                    f"{SIGNS}{self._number}", str(looks), allow_overwrite=True
                )
                board = dict(self._board.key_value_dir_get("apical/"))
            except RuntimeError:
                self._end("hosts: host 0 is gone; see what it printed")
            if told := board.get(TROUBLE):
                self._follow(told)
                return
            for host in range(self._count):
                sign = board.get(f"{SIGNS}{host}", "")
                if seen.get(host) != sign:
                    seen[host], changed[host] = sign, time.monotonic()
                elif time.monotonic() - changed[host] > SILENT:
                    self._end(f"hosts: host {host} has not been heard of for {SILENT:g} s")

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def fail(self, error: BaseException) -> None:
        """Tell the others, and wait until they have heard."""
        self._ending.set()
        text = str(error) if isinstance(error, ApicalError) else type(error).__name__
        if isinstance(error, KeyboardInterrupt):
            text = "interrupted"
        with suppress(RuntimeError):
            self._board.key_value_set(TROUBLE, f"host {self._number}: {text}")
        if not self._gather():
            lost = f"hosts: another host is gone ({text}); see what it printed"
            self._end(text if isinstance(error, ApicalError) else lost)

    def _follow(self, told: str) -> None:
        if not self._ending.wait(ALIKE):
            self._end(told, self._gather)

    def _end(self, told: str, before: Callable[[], Any] = lambda: None) -> NoReturn:
        print(f"apical: {told}", file=sys.stderr, flush=True)
        before()
        os._exit(1)

    def _gather(self) -> bool:
        """All leave at once: whom another leaves alone, JAX ends with a page of its own. Whether
        all were there."""
        import jax

        with suppress(RuntimeError):
            self._board.wait_at_barrier(END, int(1000 * (ALIKE + 5)))
            jax.distributed.shutdown()
            return True
        return False
