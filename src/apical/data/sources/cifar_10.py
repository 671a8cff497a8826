"""Small colour photographs of ten kinds of thing.

The binary format: records of one label byte and 3 x 32 x 32 pixel bytes.
Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from collections.abc import Mapping

import numpy as np

from apical.data.download import Archive, Hosted
from apical.data.preprocessing import Standardise
from apical.data.source import VerifiedSource
from apical.data.splits import Split, Splits, hold_out
from apical.data.verified_files import KnownFile
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


BATCH = 30_730_000  # bytes: 10000 records of 3073
TRAIN = (
    KnownFile("data_batch_1.bin", BATCH, "5dd7e06a14cb22eb9f671a540d1b7c25"),
    KnownFile("data_batch_2.bin", BATCH, "5ea93a67294ea407fff1d09f752e9692"),
    KnownFile("data_batch_3.bin", BATCH, "942cd6a4bcdd0dd3c604fbe906cb4421"),
    KnownFile("data_batch_4.bin", BATCH, "ae636b3ba5c66a11e91e8cb52e771fcb"),
    KnownFile("data_batch_5.bin", BATCH, "53f37980c15c3d472c316c40844f3f0d"),
)
TEST = KnownFile("test_batch.bin", BATCH, "803d5f7f4d78ea53de84dbe85f74fb6d")
VALIDATION = 5000


def arrange(contents: Mapping[str, bytes], seed: int) -> Splits:
    """45000 train and 5000 validation examples drawn by `seed`, and the canonical 10000 test."""
    batches = [decode_cifar(contents[batch.name], batch.name) for batch in TRAIN]
    train = Split(np.concatenate([b.x for b in batches]), np.concatenate([b.y for b in batches]))
    return hold_out(train, decode_cifar(contents[TEST.name], TEST.name), VALIDATION, seed)


SOURCE = VerifiedSource(
    name="cifar-10",
    about="A. Krizhevsky, V. Nair, G. Hinton; research use",
    shape=(32, 32, 3),
    sizes=(45_000, 5_000, 10_000),
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    # The channels differ in mean and spread, and the pixels are far from zero on the whole.
    preprocessing=Standardise(),
    origin=Hosted(
        (
            Archive(
                stem="cifar-10-binary",
                folder="cifar-10-batches-bin",
                files=(*TRAIN, TEST),
                urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
            ),
        )
    ),
    arrange=arrange,
)
