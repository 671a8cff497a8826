"""Data sets that are not ours to bundle: found on this machine, or downloaded."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from apical.data.origins.cache import keep
from apical.data.origins.containers import read_file
from apical.data.origins.content import Content
from apical.data.origins.download import download
from apical.data.origins.origin import Copy, Origin
from apical.data.origins.parcel import Parcel
from apical.data.origins.places import cache_folder, folders
from apical.errors import DataError


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
