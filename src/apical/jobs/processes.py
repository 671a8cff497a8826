"""Workers that are processes of this machine, each with its share of the cores."""

import math
import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass

from apical.jobs.job import carry_out
from apical.jobs.workers import Crew, DiedError, Workers


@dataclass(frozen=True)
class Processes(Workers):
    """Processes of this machine, `at_once` of them, with equal shares of the cores.

    A process that dies takes all that are at work with it; a new crew begins with new ones. They
    end with their parent, however it ends.
    """

    at_once: int

    @property
    def told(self):
        return f"{self.at_once} at a time"

    @contextmanager
    def crew(self, *, alone):
        at_once = 1 if alone else self.at_once
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        for share in _shares(at_once):
            queue.put(share)
        pool = ProcessPoolExecutor(at_once, context, initializer=_prepare, initargs=(queue,))
        try:
            yield _Pool(pool, at_once)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Pool(Crew):
    def __init__(self, pool: ProcessPoolExecutor, at_once: int):
        self._pool, self._at_once = pool, at_once

    def places(self):
        return self._at_once

    def begin(self, job, until):
        try:
            return self._pool.submit(carry_out, job, until)
        except BrokenProcessPool as error:
            lost: Future = Future()
            lost.set_exception(error)
            return lost

    def wait(self, pending, seconds):
        timeout = None if seconds == math.inf else seconds
        return wait(pending, timeout, return_when=FIRST_COMPLETED).done

    def outcome(self, ended):
        try:
            return ended.result()
        except BrokenProcessPool:
            raise DiedError from None

    def stop(self):
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
