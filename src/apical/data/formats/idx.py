"""The idx format of the MNIST family: a big-endian header, then bytes in C order.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
"""

import math
import struct

import numpy as np

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
