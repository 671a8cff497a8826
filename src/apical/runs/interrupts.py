"""Ctrl-C at a moment at which nothing is half done, and what stands for it in a thread."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_asked: ContextVar[Callable[[], bool]] = ContextVar("_asked", default=lambda: False)


@contextmanager
def asked_by(stop: Callable[[], bool]) -> Iterator[None]:
    """In this thread, training ends as by Ctrl-C, at the next chance after `stop()` becomes true.

    For a job that is carried out in another thread than the main one, which no Ctrl-C reaches.
    """
    before = _asked.set(stop)
    try:
        yield
    finally:
        _asked.reset(before)


def asked() -> bool:
    """Whether what this thread does is to end."""
    return _asked.get()()


@contextmanager
def held() -> Iterator[None]:
    """Keep Ctrl-C until the block has ended, and let it through then.

    Does nothing where Ctrl-C does not raise `KeyboardInterrupt` anyway: outside the main thread,
    under another handler, within another such block.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[Any] = []
    signal.signal(signal.SIGINT, lambda *received: came.append(received))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if came:
        raise KeyboardInterrupt
