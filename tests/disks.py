"""Disks that fill up: for certain, because they are small, or at the n-th time that is written."""

import errno
import io
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apical.runs import writing


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Callable[[str], None]]:
    """Mount a disk in memory, as by `size=256k`, and give what changes its options.

    The test is skipped where nothing may be mounted.
    """

    def mount(options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            return subprocess.run(command, capture_output=True).returncode == 0
        except FileNotFoundError:
            return False

    folder.mkdir()
    if not mount(options):
        pytest.skip("a small disk cannot be mounted here: that takes root and `mount`")
    try:
        yield lambda changed: pytest.fail("mount") if not mount(f"remount,{changed}") else None
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Disk:
    """Counts the steps of writing, and has room for so many and no more."""

    def __init__(self, room: float, number: int):
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
    """Everything that a run writes goes to a disk with room for so many steps.

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
