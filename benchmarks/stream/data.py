"""Data sets of the benchmarks: parts of Imagenette and Tiny-ImageNet as files, any number of times."""

import numpy as np

from apical.data.dataset import Dataset
from apical.data.image_files.framings import Framing, Resized
from apical.data.image_files.rows import ImageRows
from apical.data.image_files.source import ImageSource
from apical.data.preprocessing import Normalise
from apical.data.source import Damaged
from apical.data.sources import source
from apical.data.splits import Split


def files(name: str, framing: Framing | None = None) -> Dataset:
    """A data set whose images stay files, whatever its source does with them."""
    known = source(name)
    assert isinstance(known, ImageSource)
    own = ImageSource(name, known.about, framing or known.framing, Normalise())
    return own.load(0, Damaged())


def in_memory(data: Dataset) -> Dataset:
    """The same examples as arrays, under the same name."""
    splits = [Split(np.asarray(split.x), split.y) for split in data.splits]
    return Dataset(data.name, *splits, data.classes, data.preprocessing)


def virtual(count: int) -> Dataset:
    """So many training images of Tiny-ImageNet's sizes: its files, one after the other and again."""
    data = files("tiny-imagenet", Resized(64))
    rows, labels = data.train.x, np.asarray(data.train.y)
    assert isinstance(rows, ImageRows)
    which = np.arange(count) % len(rows)
    repeated = ImageRows.of([rows.files[rows.rows[i]] for i in which], rows.framing)
    small = (Split(np.asarray(s.x[:500]), s.y[:500]) for s in (data.validation, data.test))
    train = Split(repeated, labels[which])
    return Dataset("virtual", train, *small, data.classes, data.preprocessing)
