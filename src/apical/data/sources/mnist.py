"""Handwritten digits, bundled; and the format that its drop-in replacements share.

An idx file is a big-endian header, then bytes in C order; there are four of them.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
"""

import math
import struct
from collections.abc import Mapping

import numpy as np

from apical.data.preprocessing import Scale
from apical.data.source import Bundled, VerifiedSource
from apical.data.splits import Split, Splits, hold_out
from apical.data.verified_files import KnownFile
from apical.errors import DataError

UBYTE = 0x08


def decode_idx(raw: bytes, name: str) -> np.ndarray:
    """The uint8 array in an idx file (a view of `raw`, so read-only).

    **Raises:** `DataError` naming the file if the magic number or the size is wrong.
    """
    if len(raw) < 4 or raw[:3] != bytes([0, 0, UBYTE]):
        raise DataError(
            f"{name}: expected an idx file of bytes, magic 0x000008.., found 0x{raw[:4].hex()}. "
            "Put the original file there."
        )
    ndim = raw[3]
    start = 4 + 4 * ndim
    shape = struct.unpack(f">{ndim}I", raw[4:start]) if len(raw) >= start else ()
    if len(raw) < start or len(raw) - start != math.prod(shape):
        raise DataError(
            f"{name}: its header says shape {shape}, but {max(len(raw) - start, 0)} bytes follow. "
            "Put the original file there."
        )
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


VALIDATION = 5000


def arrange(contents: Mapping[str, bytes], seed: int) -> Splits:
    """55000 train and 5000 validation examples drawn by `seed`, and the canonical 10000 test."""

    def split(part: str) -> Split:
        images, labels = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
        y = decode_idx(contents[labels], labels).astype(np.int32)
        return Split(decode_idx(contents[images], images), y)

    train, test = split("train"), split("t10k")
    return hold_out(train, test.take(np.arange(len(test))), VALIDATION, seed)


FILES = (
    KnownFile("train-images-idx3-ubyte", 47_040_016, "6bbc9ace898e44ae57da46a324031adb"),
    KnownFile("train-labels-idx1-ubyte", 60_008, "a25bea736e30d166cdddb491f175f624"),
    KnownFile("t10k-images-idx3-ubyte", 7_840_016, "2646ac647ad5339dbf082846283269ea"),
    KnownFile("t10k-labels-idx1-ubyte", 10_008, "27ae3e4e09519cfbb04c329615203637"),
)

SOURCE = VerifiedSource(
    name="mnist",
    about="Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0",
    shape=(28, 28),
    sizes=(55_000, 5_000, 10_000),
    classes=tuple("0123456789"),
    preprocessing=Scale(255.0),
    origin=Bundled(FILES),
    arrange=arrange,
)
