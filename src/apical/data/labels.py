"""Labels beside the examples: data of two kinds, for models that learn from both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from apical.data.dataset import Dataset
from apical.data.image_files.rows import ImageRows
from apical.data.preprocessing import Scale
from apical.data.splits import Split
from apical.errors import UsageError

SUFFIX = "+labels"
"""Behind the name of a data set."""


def with_labels(data: Dataset) -> Dataset:
    """The data set with the label of each example behind its features, one value for each class.

    Examples are vectors (features + classes,) then. The value of the example's class is the largest
    that the features' type and preprocessing know, which `Scale` makes 1, and the others are 0.
    Preprocessing is fitted to the longer vectors: `Standardise` takes each value by itself.

    **Raises:** `UsageError` if labels stand there already, or if the examples are image files.

    !!! example

        >>> import apical
        >>> data = with_labels(apical.load("digits"))  # grey from 0 to 16
        >>> data.name, data.shape, data.features
        ('digits+labels', (74,), (8, 8))
        >>> int(data.test.y[0]), data.test.x[0, 64:].tolist()
        (1, [0, 16, 0, 0, 0, 0, 0, 0, 0, 0])
    """
    if isinstance(data.train.x, ImageRows):
        raise UsageError(
            f"with_labels: the examples of {data.name} are image files, which are decoded when "
            "they are read; use data whose examples are arrays"
        )
    if data.features:
        raise UsageError(f"with_labels: {data.name} has labels beside its features; give it once")
    one = _one(data)

    def joined(split: Split) -> Split:
        labels = np.zeros((len(split), data.n_classes), split.x.dtype)
        labels[np.arange(len(split)), split.y] = one
        return Split(np.concatenate([split.x.reshape(len(split), -1), labels], axis=1), split.y)

    return replace(
        data,
        name=data.name + SUFFIX,
        train=joined(data.train),
        validation=joined(data.validation),
        test=joined(data.test),
        features=data.shape,
    )


def _one(data: Dataset) -> float:
    """The raw value of a label's class."""
    if data.train.x.dtype == np.uint8:
        return data.white
    return data.preprocessing.maximum if isinstance(data.preprocessing, Scale) else 1.0
