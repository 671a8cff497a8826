"""Tiny hosted data sets: real formats, a few bytes."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
from pathlib import Path
from typing import Literal

from apical.data.download import Archive, Hosted, SingleFile
from apical.data.verified_files import KnownFile

FOLDER = "batches"


def content(name: str, raw: bytes) -> KnownFile:
    return KnownFile(name, len(raw), hashlib.md5(raw).hexdigest())


def idx(*shape: int, magic: bytes = b"\0\0\x08") -> bytes:
    size = 1
    for n in shape:
        size *= n
    header = magic + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    return header + bytes(i % 251 for i in range(size))


RAW = {"one.bin": bytes(range(256)) * 40, "two.bin": bytes(range(255, -1, -1)) * 40}
ONE, TWO = (content(name, raw) for name, raw in RAW.items())


def single(*urls: str) -> Hosted:
    """The set of the one file `one.bin`."""
    return Hosted((SingleFile(ONE, urls),))


def archive(*urls: str) -> Hosted:
    """The set of `one.bin` and `two.bin` in `tiny.tar.*`."""
    return Hosted((Archive("tiny", FOLDER, (ONE, TWO), urls),))


def plain(name: str, raw: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(raw)
    return member, raw


GOOD = [plain(f"{FOLDER}/{name}", raw) for name, raw in RAW.items()]

TarMode = Literal["w:xz", "w:gz", "w"]


def write_tar(
    path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: TarMode = "w:xz"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:
        for member, raw in members:
            tar.addfile(member, io.BytesIO(raw))
    return path
