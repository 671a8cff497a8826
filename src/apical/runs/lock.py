"""One process at a time in a folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apical.errors import UsageError
from apical.runs.writing import told


class InUseError(UsageError):
    """Another process is at work in a folder."""


@contextmanager
def locked(out: Path, command: str) -> Iterator[None]:
    """Hold the folder for a command; the lock goes with the process, however it ends.

    A folder that is made here and in which nothing was left is removed again.
    Raises `InUseError` if another process holds it, `UsageError` if it cannot be a folder, and
    `WriteError` if it cannot be written to.
    """
    refuse_files(out)
    made = not out.exists()
    with told(out):
        out.mkdir(parents=True, exist_ok=True)
        file = (out / ".lock").open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(
                f"{out}: another `{command}` is at work in it; wait until it has ended, or "
                "choose another folder"
            ) from None
        try:
            yield
        finally:
            if made and [path.name for path in out.glob("*")] == [".lock"]:
                (out / ".lock").unlink()
                out.rmdir()


def refuse_files(out: Path) -> None:
    """Raises `UsageError` for a path that cannot be a folder."""
    if any(path.exists() and not path.is_dir() for path in (out, *out.parents)):
        raise UsageError(
            f"out: must be a folder, and {out} is a file or lies below one; choose another path"
        )
