"""Data sets that are not ours to bundle: found on this machine, or downloaded into the cache."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from apical.data.folders import cache_folder, folders, keep, partial_file
from apical.data.source import Copy, Origin
from apical.data.verified_files import KnownFile, read_archive, read_file
from apical.errors import DataError, WriteError

TIMEOUT = 30  # seconds without a byte
CHUNK = 1 << 20  # bytes


@dataclass(frozen=True)
class SingleFile:
    """One file, which is published as `<name>.gz` or `<name>.xz` at each of `urls`."""

    file: KnownFile
    urls: tuple[str, ...]
    slow: ClassVar[bool] = False
    subfolders: ClassVar[tuple[str, ...]] = ("",)

    @property
    def files(self) -> tuple[KnownFile, ...]:
        return (self.file,)

    @property
    def packed(self) -> tuple[str, ...]:
        return (f"{self.file.name}.gz", f"{self.file.name}.xz")

    def unpack(self, path: Path, where: object = None) -> Mapping[str, bytes]:
        return {self.file.name: read_file(path, self.file, where)}


@dataclass(frozen=True)
class Archive:
    """Several files, published in the `folder` of `<stem>.tar[.gz|.xz]` at each of `urls`."""

    stem: str
    folder: str
    files: tuple[KnownFile, ...]
    urls: tuple[str, ...]
    slow: ClassVar[bool] = True

    @property
    def subfolders(self) -> tuple[str, ...]:
        return ("", self.folder)

    @property
    def packed(self) -> tuple[str, ...]:
        return tuple(self.stem + suffix for suffix in (".tar.gz", ".tar.xz", ".tar"))

    def unpack(self, path: Path, where: object = None) -> Mapping[str, bytes]:
        return read_archive(path, self.files, self.folder, where)


Download = SingleFile | Archive
"""What is fetched in one go.

`files`: what it holds. `packed`: the names that a packed copy may have. `subfolders`: where the
unpacked files may lie. `urls`: mirrors, tried in turn. `slow`: whether unpacking takes so long that
the unpacked files are kept in the cache. `unpack`: the verified contents of a packed copy.
"""


@dataclass(frozen=True)
class Hosted(Origin):
    """Looked for in `$APICAL_DATA/<name>/`, then in the cache, else downloaded there.

    An unpacked copy in either folder goes before a packed one, since it loads in a tenth of the
    time. A damaged copy is an error, never passed over in silence.
    """

    downloads: tuple[Download, ...]

    def read(self, name: str) -> Mapping[str, bytes]:
        contents: dict[str, bytes] = {}
        for one in self.downloads:
            contents |= _read(one, name)
        return contents

    def copies(self, name: str) -> list[Copy]:
        return [
            copy for one in self.downloads for copy in _unpacked(one, name) + _packed(one, name)
        ]

    def is_here(self, name: str) -> bool:
        return all(_unpacked(one, name) or _packed(one, name) for one in self.downloads)

    def status(self, name: str) -> str:
        found = [_unpacked(one, name) + _packed(one, name) for one in self.downloads]
        used = dict.fromkeys(str(Path(copies[0].where).parent) for copies in found if copies)
        if not used:
            return "not here, would download"
        missing = sum(not copies for copies in found)
        rest = f", would download {missing} of {len(found)} files" if missing else ""
        return f"found in {', '.join(used)}{rest}"


def _read(wanted: Download, name: str) -> Mapping[str, bytes]:
    unpacked, packed = _unpacked(wanted, name), _packed(wanted, name)
    if unpacked or (packed and not wanted.slow):
        return (unpacked + packed)[0].read()
    cache = cache_folder() / name
    if packed:
        contents = packed[0].read()
        try:
            keep(contents, cache)
        except OSError as error:
            reason = error.strerror or error
            message = f"{name} will unpack slowly again: cannot write {cache} ({reason})"
            warnings.warn(message, stacklevel=2)
        return contents
    try:
        return download(wanted, cache)
    except DataError as error:
        files = ", ".join(file.name for file in wanted.files)
        looked = " or ".join(map(str, folders(name)))
        raise DataError(
            f"{name} needs {files} (or {' or '.join(wanted.packed)}), not found in {looked}, "
            f"and the download failed: {error}\nPut the files in {folders(name)[0]}, or set "
            "APICAL_DATA to a folder that holds them, or try again with a network."
        ) from error


def _unpacked(wanted: Download, name: str) -> list[Copy]:
    def read(paths: dict[KnownFile, Path]) -> Mapping[str, bytes]:
        return {file.name: read_file(path, file) for file, path in paths.items()}

    candidates = [
        {file: folder / subfolder / file.name for file in wanted.files}
        for folder in folders(name)
        for subfolder in wanted.subfolders
    ]
    return [
        Copy(str(next(iter(paths.values()))), partial(read, paths))
        for paths in candidates
        if all(path.is_file() for path in paths.values())
    ]


def _packed(wanted: Download, name: str) -> list[Copy]:
    paths = [folder / file for folder in folders(name) for file in wanted.packed]
    return [Copy(str(path), partial(wanted.unpack, path)) for path in paths if path.is_file()]


def download(wanted: Download, folder: Path) -> Mapping[str, bytes]:
    """The verified contents from the first mirror that has them, kept unpacked in `folder`.

    **Raises:** `WriteError` if the folder cannot be written to, `DataError` if no mirror gives the
    contents.
    """
    faults = []
    try:
        with partial_file(folder) as path:
            for url in wanted.urls:
                try:
                    _fetch(url, path)
                    contents = wanted.unpack(path, where=url)
                except DataError as error:
                    faults.append(f"  {error}")
                    continue
                keep(contents, folder)
                return contents
    except OSError as error:
        raise WriteError(
            f"{folder}: a download is kept here, and it cannot be written "
            f"({error.strerror or error}); make room there, set APICAL_CACHE to another folder, or "
            "APICAL_DATA to one that has the files"
        ) from error
    raise DataError("no mirror gave it:\n" + "\n".join(faults))


def _fetch(url: str, path: Path) -> None:
    """Write what lies at `url`; `DataError` if the network fails, `OSError` if the disk does."""
    with open(path, "wb") as file:
        for chunk in _chunks(url):
            file.write(chunk)


def _chunks(url: str) -> Iterator[bytes]:
    from http.client import HTTPException
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    try:
        with (
            urlopen(Request(url, headers={"User-Agent": "apical"}), timeout=TIMEOUT) as response,
            Progress(*columns, console=Console(stderr=True)) as progress,
        ):
            task = progress.add_task(f"Downloading {url}", total=response.length)
            while chunk := response.read(CHUNK):
                progress.advance(task, len(chunk))
                yield chunk
    except (OSError, HTTPException) as error:
        reason = error.reason if type(error) is URLError else error
        raise DataError(f"{url}: {reason}") from error
