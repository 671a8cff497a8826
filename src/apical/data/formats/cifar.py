"""The CIFAR-10 binary format: records of one label byte and 3 x 32 x 32 pixel bytes.

Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

import numpy as np

from apical.data.dataset import Split
from apical.errors import DataError

RECORD = 1 + 3 * 32 * 32


def decode_cifar(raw: bytes, name: str) -> Split:
    """The images, uint8 (n, 32, 32, 3) with channels last, and labels of one batch file.

    **Raises:** `DataError` naming the file if it is not whole records or a label is over 9.
    """
    if not raw or len(raw) % RECORD:
        raise DataError(
            f"{name}: expected records of {RECORD} bytes, found {len(raw)} bytes. "
            "Put the original file there."
        )
    records = np.frombuffer(raw, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int32)
    if labels.max() > 9:
        raise DataError(
            f"{name}: expected labels 0 to 9, found {labels.max()}. Put the original file there."
        )
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Split(np.ascontiguousarray(pixels), labels)
