"""What is fetched in one go: a single compressed file, or an archive of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from apical.data.origins.containers import read_archive, read_file
from apical.data.origins.content import Content


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
