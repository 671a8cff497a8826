"""From the bytes of an image file to its pixels, in colour.

By simplejpeg, and by Pillow what that refuses or would show otherwise than a person sees it.
"""

from __future__ import annotations

import io

import numpy as np

from apical.data.image_files.trees import Place
from apical.data.images import BLACK, upright
from apical.errors import DataError, UsageError

EXIF = 1 << 16
"""Bytes from the beginning in which a camera's remarks are looked for."""


def decode(place: Place) -> np.ndarray:
    """The pixels of an image file, uint8 (rows, columns, 3).

    Raises `DataError` naming the file if it cannot be decoded.
    """
    raw = place.read()
    if (pixels := _by_simplejpeg(raw)) is not None:
        return pixels
    try:
        return np.asarray(upright(io.BytesIO(raw), str(place), BLACK).convert("RGB"))
    except UsageError as error:
        raise DataError(
            f"{str(error).partition(';')[0]}; fetch it again, or leave damaged images out"
        ) from error


def _by_simplejpeg(raw: bytes) -> np.ndarray | None:
    """The pixels of a plain JPEG; None of anything else, and of a damaged one."""
    import simplejpeg

    if not raw.startswith(b"\xff\xd8") or b"Exif\0" in raw[:EXIF]:
        return None
    try:
        *_, colours, _ = simplejpeg.decode_jpeg_header(raw)
        return None if "K" in colours else simplejpeg.decode_jpeg(raw, "RGB")
    except ValueError:
        return None
