"""Files that are part of the installed package, compressed with xz."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from apical.data.origins.containers import read_file
from apical.data.origins.content import Content
from apical.data.origins.origin import Copy, Origin

FOLDER = Path(__file__).parent.parent / "bundled"


@dataclass(frozen=True)
class Bundled(Origin):
    """`bundled/<name>/<content>.xz` of this package."""

    contents: tuple[Content, ...]

    def read(self, name: str) -> Mapping[str, bytes]:
        def one(content: Content) -> bytes:
            return read_file(FOLDER / name / f"{content.name}.xz", content)

        # lzma and hashlib release the interpreter lock.
        with ThreadPoolExecutor() as pool:
            raw = pool.map(one, self.contents)
            return {content.name: r for content, r in zip(self.contents, raw, strict=True)}

    def copies(self, name: str) -> list[Copy]:
        return [Copy(str(FOLDER / name), lambda: self.read(name))]

    def is_here(self, name: str) -> bool:
        return True

    def status(self, name: str) -> str:
        return "bundled"
