"""Small images that are decoded once: their pixels in a file of the cache, mapped into memory."""

from __future__ import annotations

import json
import os
import warnings
import zlib
from pathlib import Path

import numpy as np

from apical.data.folders import cache_folder, partial_file
from apical.data.image_files.ahead import ahead
from apical.data.image_files.rows import ImageRows

PART = 500
"""Images that are decoded at once."""


def decoded(images: ImageRows, name: str) -> np.ndarray:
    """The frames of all images, uint8 (n, size, size, 3), read-only.

    They are kept in the cache, beside a checksum that is compared whenever they are read again;
    what does not fit its images, or is damaged, is made anew. Where the cache cannot be written,
    they are in memory, and a warning tells it.
    """
    folder = cache_folder() / "image-files" / name
    stem = f"{images.fingerprint(_times(images)):08x}-{len(images)}"
    pixels, about = folder / f"{stem}.npy", folder / f"{stem}.json"
    if (found := _read(pixels, about, images.shape)) is not None:
        return found
    try:
        with partial_file(folder) as partial:
            crc = _write(partial, images)
            os.replace(partial, pixels)
        with partial_file(folder) as partial:
            partial.write_text(json.dumps({"shape": images.shape, "crc32": crc}))
            os.replace(partial, about)
    except OSError as error:
        reason = error.strerror or error
        message = f"{name} will be decoded again: cannot write {folder} ({reason})"
        warnings.warn(message, stacklevel=2)
        return np.asarray(images)
    return np.load(pixels, mmap_mode="r")


def _times(images: ImageRows) -> int:
    """A checksum of when the files were changed last."""
    times = {images.files[row].path: 0 for row in images.rows}
    return zlib.crc32(repr([path.stat().st_mtime_ns for path in times]).encode())


def _write(path: Path, images: ImageRows) -> int:
    """Decode into a file; the checksum of the pixels."""
    crc = 0
    parts = [images[begin : begin + PART] for begin in range(0, len(images), PART)]
    with open(path, "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": images.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for frames in ahead(np.asarray, parts):
            file.write(frames.data)
            crc = zlib.crc32(frames.data, crc)
    return crc


def _read(pixels: Path, about: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """What was kept; None if it is not there or not whole."""
    try:
        told = json.loads(about.read_text())
        found = np.load(pixels, mmap_mode="r")
        whole = found.shape == shape and zlib.crc32(found.data) == told["crc32"]
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return found if whole else None
