"""Data sets that are not ours to bundle: found on this machine, or downloaded."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Protocol

from apical.data.folders import cache_folder, folders, keep, partial_file
from apical.data.source import Copy, Origin
from apical.data.verified_files import Content, read_archive, read_file
from apical.errors import DataError


class Parcel(Protocol):
    """Some contents of a data set, which lie loose (raw) or packed in a folder."""

    @property
    def contents(self) -> tuple[Content, ...]:
        """What it holds."""

    @property
    def packed(self) -> tuple[str, ...]:
        """The file names a packed copy may have."""

    @property
    def places(self) -> tuple[str, ...]:
        """The subfolders the raw contents may lie in, "" for the folder itself."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Mirrors, tried in turn."""

    @property
    def slow(self) -> bool:
        """Whether unpacking takes so long that the raw contents are worth keeping in the cache."""

    def unpack(self, path: Path, where: object = None) -> Mapping[str, bytes]:
        """The verified contents of a packed copy; `DataError` naming `where` (or the path)."""


@dataclass(frozen=True)
class SingleFile:
    """One content, packed as `<name>.gz` or `<name>.xz`."""

    content: Content
    urls: tuple[str, ...]
    slow: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("",)

    @property
    def contents(self) -> tuple[Content, ...]:
        return (self.content,)

    @property
    def packed(self) -> tuple[str, ...]:
        return (f"{self.content.name}.gz", f"{self.content.name}.xz")

    def unpack(self, path: Path, where: object = None) -> Mapping[str, bytes]:
        return {self.content.name: read_file(path, self.content, where)}


@dataclass(frozen=True)
class Archive:
    """Several contents in the `folder` of a tar file called `<stem>.tar[.gz|.xz]`."""

    stem: str
    folder: str
    contents: tuple[Content, ...]
    urls: tuple[str, ...]
    slow: ClassVar[bool] = True

    @property
    def packed(self) -> tuple[str, ...]:
        return tuple(self.stem + suffix for suffix in (".tar.gz", ".tar.xz", ".tar"))

    @property
    def places(self) -> tuple[str, ...]:
        return ("", self.folder)

    def unpack(self, path: Path, where: object = None) -> Mapping[str, bytes]:
        return read_archive(path, self.contents, self.folder, where)


@dataclass(frozen=True)
class Hosted(Origin):
    """Looked for in `$APICAL_DATA/<name>/`, then in the cache, else downloaded there.

    A raw copy in either folder goes before a packed one, since it loads in a tenth of the time.
    A damaged copy is an error, never passed over in silence.
    """

    parcels: tuple[Parcel, ...]

    def read(self, name: str) -> Mapping[str, bytes]:
        contents: dict[str, bytes] = {}
        for parcel in self.parcels:
            contents |= _read_parcel(parcel, name)
        return contents

    def copies(self, name: str) -> list[Copy]:
        return [copy for parcel in self.parcels for copy in _copies(parcel, name)]

    def is_here(self, name: str) -> bool:
        return all(_copies(parcel, name) for parcel in self.parcels)

    def status(self, name: str) -> str:
        found = [_copies(parcel, name) for parcel in self.parcels]
        used = dict.fromkeys(str(Path(copies[0].where).parent) for copies in found if copies)
        if not used:
            return "not here, would download"
        missing = sum(not copies for copies in found)
        rest = f", would download {missing} of {len(found)} files" if missing else ""
        return f"found in {', '.join(used)}{rest}"


def _read_parcel(parcel: Parcel, name: str) -> Mapping[str, bytes]:
    loose, packed = _loose(parcel, name), _packed(parcel, name)
    if loose or (packed and not parcel.slow):
        return (loose + packed)[0].read()
    cache = cache_folder() / name
    if packed:
        contents = packed[0].read()
        try:
            keep(contents, cache)
        except OSError as error:
            message = f"{name} will unpack slowly again: cannot write {cache} ({error})"
            warnings.warn(message, stacklevel=2)
        return contents
    try:
        return download(parcel, cache)
    except DataError as error:
        wanted = ", ".join(content.name for content in parcel.contents)
        looked = " or ".join(map(str, folders(name)))
        raise DataError(
            f"{name} needs {wanted} (or {' or '.join(parcel.packed)}), not found in {looked}, "
            f"and the download failed: {error}\nPut the files in {folders(name)[0]}, or set "
            "APICAL_DATA to a folder that holds them, or try again with a network."
        ) from error


def _copies(parcel: Parcel, name: str) -> list[Copy]:
    return _loose(parcel, name) + _packed(parcel, name)


def _loose(parcel: Parcel, name: str) -> list[Copy]:
    def read(paths: dict[Content, Path]) -> Mapping[str, bytes]:
        return {content.name: read_file(path, content) for content, path in paths.items()}

    candidates = [
        {content: folder / place / content.name for content in parcel.contents}
        for folder in folders(name)
        for place in parcel.places
    ]
    return [
        Copy(str(next(iter(paths.values()))), partial(read, paths))
        for paths in candidates
        if all(path.is_file() for path in paths.values())
    ]


def _packed(parcel: Parcel, name: str) -> list[Copy]:
    paths = [folder / file for folder in folders(name) for file in parcel.packed]
    return [Copy(str(path), partial(parcel.unpack, path)) for path in paths if path.is_file()]


TIMEOUT = 30  # seconds without a byte


def download(parcel: Parcel, folder: Path) -> Mapping[str, bytes]:
    """The verified contents of `parcel` from the first mirror that has them, kept in `folder`.

    **Raises:** `DataError` if the folder cannot be written to, or no mirror gives the contents.
    """
    faults = []
    try:
        with partial_file(folder) as partial:
            for url in parcel.urls:
                try:
                    _fetch(url, partial)
                    contents = parcel.unpack(partial, where=url)
                except (_request_error(), DataError) as error:
                    faults.append(f"  {error}" if url in str(error) else f"  {url}: {error}")
                    continue
                keep(contents, folder)
                return contents
    except OSError as error:
        raise DataError(
            f"{folder}: expected to keep a download here, but it cannot be written to ({error}). "
            "Set APICAL_CACHE to a writable folder, or APICAL_DATA to one that has the files."
        ) from error
    raise DataError("no mirror gave it:\n" + "\n".join(faults))


def _fetch(url: str, path: Path) -> None:
    import pooch

    pooch.get_logger().info("Downloading %s", url)
    pooch.HTTPDownloader(timeout=TIMEOUT, chunk_size=1 << 20)(url, str(path), None)


def _request_error() -> type[Exception]:
    from requests import RequestException

    return RequestException
