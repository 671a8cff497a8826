"""Trees of files: what lies in a folder, or in a tar file that is not unpacked."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from apical.errors import DataError

REMEDY = "fetch it again, or put a good copy there"


class Place(NamedTuple):
    """Where the bytes of a file lie: in a file of their own, or within a tar file."""

    name: str
    """Its path in its tree."""
    path: Path
    offset: int = 0
    size: int | None = None
    """None: to the end."""

    def __str__(self) -> str:
        """What messages call it."""
        return str(self.path) if self.size is None else f"{self.path}, member {self.name}"

    @property
    def length(self) -> int:
        """Its size in bytes."""
        return self.path.stat().st_size if self.size is None else self.size

    def read(self) -> bytes:
        """Its bytes. Raises `DataError` if they are not there any more."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                raw = file.read() if self.size is None else file.read(self.size)
        except OSError as error:
            raise DataError(
                f"{self}: cannot be read ({error.strerror or error}); {REMEDY}"
            ) from error
        if self.size not in (None, len(raw)):
            raise DataError(f"{self}: expected {self.size} bytes, found {len(raw)}; {REMEDY}")
        return raw


class Tree(NamedTuple):
    """Files by their paths below the root, with `/` between the parts, in order; and folders."""

    where: Path
    files: dict[str, Place]
    folders: frozenset[str]

    def below(self, folder: str) -> Tree:
        """What lies in a folder, by paths below it."""
        start = f"{folder}/"
        return Tree(
            self.where / folder,
            {p[len(start) :]: f for p, f in self.files.items() if p.startswith(start)},
            frozenset(p[len(start) :] for p in self.folders if p.startswith(start)),
        )

    @property
    def tops(self) -> list[str]:
        """The names of what lies at the root, in order."""
        return sorted({p.split("/", 1)[0] for p in (*self.files, *self.folders)})


def of_folder(root: Path) -> Tree:
    """The files of a folder, hidden ones left out. Raises `DataError` if one cannot be listed."""
    files, folders = {}, []

    def refuse(error: OSError) -> None:
        raise DataError(
            f"{error.filename}: cannot be listed ({error.strerror}); make it readable, or move it "
            "away"
        ) from error

    for at, inner, names in os.walk(root, onerror=refuse, followlinks=True):
        folder = Path(at)
        base = folder.relative_to(root)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        folders += [(base / name).as_posix() for name in inner]
        for name in sorted(names):
            if not name.startswith("."):
                path = (base / name).as_posix()
                files[path] = Place(path, folder / name)
    return Tree(root, dict(sorted(files.items())), frozenset(folders))


def of_tar(path: Path) -> Tree:
    """The files of a tar file; a tar file within it stands for a folder of its name.

    Raises `DataError` if it is cut off, damaged or compressed: single files of a compressed one
    could only be read by unpacking all before them.
    """
    files: dict[str, Place] = {}
    folders: set[str] = set()
    try:
        with open(path, "rb") as file:
            for name, offset, size in _members(file, path):
                if size is None:
                    folders.add(name)
                else:
                    files[name] = Place(name, path, offset, size)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); {REMEDY}") from error
    for name in files:
        folders.update(p.as_posix() for p in PurePosixPath(name).parents if p.name)
    return Tree(path, dict(sorted(files.items())), frozenset(folders))


def _members(file: IO[bytes], where: object) -> Iterator[tuple[str, int, int | None]]:
    """Name, offset and size of each member; a folder has no size."""
    start = file.read(6)
    file.seek(0)
    if start.startswith((b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh")):
        raise DataError(
            f"{where}: is compressed, so that single images cannot be read from it; unpack it, or "
            "make it a plain tar file"
        )
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                if path.is_absolute() or ".." in path.parts:
                    raise DataError(
                        f"{where}: its member {member.name!r} points outside; do not trust it"
                    )
                if any(part.startswith(".") and part != "." for part in path.parts):
                    continue
                if member.isdir():
                    yield path.as_posix(), 0, None
                elif member.isfile() and path.suffix == ".tar":
                    begins = member.offset_data
                    inner = cast(IO[bytes], _Part(file, begins, member.size))
                    for name, offset, size in _members(inner, f"{where}, member {member.name}"):
                        at = begins + offset
                        yield (path.with_suffix("") / name).as_posix(), at, size
                    yield path.with_suffix("").as_posix(), 0, None
                elif member.isfile():
                    yield path.as_posix(), member.offset_data, member.size
    except tarfile.TarError as error:
        raise DataError(f"{where}: is cut off or damaged ({error}); {REMEDY}") from error


class _Part:
    """A part of a file, read as a file."""

    def __init__(self, file: IO[bytes], begin: int, size: int):
        self._file, self._begin, self._size, self._at = file, begin, size, 0

    def read(self, count: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        self._file.seek(self._begin + self._at)
        raw = self._file.read(left if count < 0 else min(count, left))
        self._at += len(raw)
        return raw

    def seek(self, to: int, whence: int = 0) -> int:
        self._at = to + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at
