"""A disk that fills up: at the n-th time something is written, or because it is small."""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apical.runs import writing


class Disk:
    """Counts what is written, and has room for so many of these steps and no more."""

    def __init__(self, room: float, number: int = errno.ENOSPC):
        self.room, self.number, self.steps = room, number, 0

    @property
    def full(self) -> bool:
        return self.steps >= self.room

    def step(self) -> None:
        if self.full:
            raise OSError(self.number, os.strerror(self.number))
        self.steps += 1


@contextmanager
def filling_up(room: float, number: int = errno.ENOSPC) -> Iterator[Disk]:
    """Everything that a run writes to its disk goes to one with room for so many steps.

    Steps are new folders, new files, the pieces of a file as they leave Python's buffer, waiting
    for the disk (`fsync`), and taking the place of another file. The piece that meets the full
    disk is written by half.
    """
    disk = Disk(room, number)

    class File(io.FileIO):
        def write(self, data):
            if disk.full:
                super().write(memoryview(data)[: len(data) // 2])
            disk.step()
            return super().write(data)

    def opened(path, mode, buffering=-1):
        disk.step()
        file = File(path, mode.replace("b", ""))
        return file if buffering == 0 else io.BufferedWriter(file, 2048)

    def counted(function):
        def call(*args, **kwargs):
            disk.step()
            return function(*args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "open", opened, raising=False)
        patch.setattr(os, "fsync", counted(lambda descriptor: None))
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(Path, "mkdir", counted(Path.mkdir))
        yield disk
