"""Files that are known by the digest of their content, whatever container they lie in.

A container (raw, gzip, xz, tar) is told by its first bytes, not its name: servers and browsers
unpack at will. It is read in memory and never more than expected; nothing is ever extracted to
disk by an archive's own paths.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from apical.errors import DataError

REMEDY = ". The file is damaged or another one: delete it or put a good copy there."


@dataclass(frozen=True)
class KnownFile:
    """One canonical file: its name, its size in bytes, and the md5 digest of its raw bytes."""

    name: str
    size: int
    md5: str

    def check(self, raw: bytes, where: object) -> bytes:
        """`raw` itself; `DataError` naming `where` it was read unless it is this content."""
        if len(raw) != self.size:
            raise DataError(
                f"{where}: expected {self.size} bytes of {self.name}, found {len(raw)}{REMEDY}"
            )
        found = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        if found != self.md5:
            raise DataError(
                f"{where}: expected {self.name} with md5 {self.md5}, found {found}{REMEDY}"
            )
        return raw


SLACK = 1 << 20  # bytes an archive may hold besides its contents: headers, padding, a readme
DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError)


def read_file(path: Path, known: KnownFile, where: object = None) -> bytes:
    """The verified content of a raw, gzip or xz file.

    **Raises:** `DataError` naming `where` (the path, if not given) if it is missing or damaged.
    """
    where = where or path
    with _damage_named(where, known.name), _opened(path) as stream:
        raw = stream.read(known.size + 1)
    if len(raw) > known.size:
        raise DataError(f"{where}: expected {known.size} bytes of {known.name}, found more{REMEDY}")
    return known.check(raw, where)


def read_archive(
    path: Path, files: tuple[KnownFile, ...], folder: str, where: object = None
) -> dict[str, bytes]:
    """The verified contents of files in the `folder` of a tar file (raw, gzip or xz).

    **Raises:** `DataError` naming `where` (the path, if not given) if it is missing or damaged,
    unpacks to more than it should, or has a member that points outside or is not a plain file.
    """
    where = where or path
    wanted = {PurePosixPath(folder, file.name): file for file in files}
    limit = sum(file.size for file in files) + SLACK
    found: dict[str, bytes] = {}
    with _damage_named(where, "an archive"), _opened(path) as stream:
        bounded = _Bounded(stream, limit, where)
        with tarfile.open(fileobj=cast(IO[bytes], bounded), mode="r|", bufsize=SLACK) as archive:
            for member in archive:
                _refuse_unsafe(member, where)
                file = wanted.get(PurePosixPath(member.name))
                stream_of = archive.extractfile(member) if file else None
                if file and stream_of:
                    raw = stream_of.read(file.size + 1)
                    found[file.name] = file.check(raw, f"{where}, member {member.name}")
    missing = [file.name for file in files if file.name not in found]
    if missing:
        raise DataError(f"{where}: expected {', '.join(missing)} in {folder}/, found none{REMEDY}")
    return found


def _refuse_unsafe(member: tarfile.TarInfo, where: object) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        fault = "points outside the archive"
    elif not (member.isfile() or member.isdir()):
        fault = "is a link or a special file"
    else:
        return
    raise DataError(f"{where}: its member {member.name!r} {fault}; do not trust this archive.")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with open(path, "rb") as file:
        start = file.read(6)
        file.seek(0)
        if start.startswith(b"\x1f\x8b"):
            with gzip.open(file) as stream:
                yield cast(IO[bytes], stream)
        elif start == b"\xfd7zXZ\x00":
            with lzma.open(file) as stream:
                yield stream
        else:
            yield file


@contextmanager
def _damage_named(where: object, wanted: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{where}: expected {wanted} here, found no file.") from error
    except DAMAGE as error:
        raise DataError(f"{where}: expected {wanted}, found damage: {error}{REMEDY}") from error


class _Bounded:
    """A stream that refuses to give more than `limit` bytes: the guard against bombs."""

    def __init__(self, stream: IO[bytes], limit: int, where: object) -> None:
        self._stream, self._left, self._limit, self._where = stream, limit, limit, where

    def read(self, size: int) -> bytes:
        chunk = self._stream.read(min(size, self._left + 1))
        self._left -= len(chunk)
        if self._left < 0:
            raise DataError(
                f"{self._where}: expected at most {self._limit} bytes unpacked, found more{REMEDY}"
            )
        return chunk
