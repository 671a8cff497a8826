"""The four idx files that MNIST and its drop-in replacements come as."""

from collections.abc import Mapping

import numpy as np

from apical.data.dataset import Split
from apical.data.formats.idx import decode_idx
from apical.data.splits import Splits, hold_out

VALIDATION = 5000


def arrange(contents: Mapping[str, bytes], seed: int) -> Splits:
    """55000 train and 5000 validation examples drawn by `seed`, and the canonical 10000 test."""

    def split(part: str) -> Split:
        images, labels = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
        y = decode_idx(contents[labels], labels).astype(np.int32)
        return Split(decode_idx(contents[images], images), y)

    train, test = split("train"), split("t10k")
    return hold_out(train, test.take(np.arange(len(test))), VALIDATION, seed)
