"""Files that are written whole or not at all, and one sentence about those that cannot be.

A disk that is full or read-only, a quota, a permission, a folder that was removed: each ends in a
`WriteError` that names the file and says what to do, and what was written before is kept.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from apical.errors import WriteError

REMEDIES = {
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room within your quota",
    errno.EROFS: "make its disk writable",
    errno.EACCES: "get the permission to write there",
    errno.EPERM: "get the permission to write there",
    errno.ENOENT: "leave its folder where it is",
}
"""What to do about an error of the operating system."""


def unwritable(path: Path | str, error: OSError) -> WriteError:
    """What to raise about a path that cannot be written to."""
    remedy = REMEDIES.get(error.errno or 0, "look after its disk")
    return WriteError(
        f"{path}: cannot be written ({error.strerror or error}), what was there before is kept; "
        f"{remedy} or choose another path, and run the command again"
    )


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raises `WriteError` about `path` for an `OSError` of the block, which is to write it."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into, which takes the place of `path` if the block ends well.

    A kill or an error leaves what was there before. The folder must exist.
    Raises `WriteError` naming `path` if it cannot be written.
    """
    if path.is_dir():
        raise WriteError(f"{path}: is a folder; name a file in it")
    part = path.with_name(f"{path.name}.part")
    with told(path):
        try:
            with open(part, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, and its folder if need be, so that a kill or an error leaves the old content.

    Raises `WriteError` naming the file if it cannot be written.
    """
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def append_whole(path: Path, text: str) -> None:
    """Add text to the end of a file, all of it or, after an error, none.

    Raises `WriteError` naming the file if it cannot be written.
    """
    # Without a buffer, which would try once more to write its rest when the file is closed.
    with told(path), open(path, "ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        left = text.encode()
        try:
            while left:
                left = left[file.write(left) :]
        except OSError:
            file.truncate(before)
            raise


def settle(path: Path) -> None:
    """Wait until what was added to a file is on the disk. Raises `WriteError` naming the file."""
    with told(path), open(path, "ab") as file:
        os.fsync(file.fileno())
