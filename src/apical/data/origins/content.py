"""What is verified: the raw bytes of a canonical file, whatever container they came in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from apical.errors import DataError

REMEDY = ". The file is damaged or another one: delete it or put a good copy there."


@dataclass(frozen=True)
class Content:
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
