"""Data sets: three splits of plain arrays, which every loader returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apical.data.image_files.framings import Framing
from apical.data.image_files.rows import ImageRows
from apical.data.preprocessing import Preprocessing, Scale
from apical.data.splits import Split, Splits
from apical.errors import UsageError

MANY = 1000
"""Examples that white is looked for in."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in three disjoint splits.

    Choose on `validation`, report on `test`. Made by `load` and `from_arrays`.

    **Arguments:**

    - `name`: what `load` or the user called it.
    - `train`, `validation`, `test`: the splits. Images stay uint8, grey (n, H, W) or colour
      (n, H, W, C); vectors are float (n, features).
    - `classes`: the name of each class; label `i` is `classes[i]`.
    - `preprocessing`: how this set is scaled unless an experiment says otherwise.
    - `left_out`: names of image files that were left out, since they cannot be decoded.
    - `features`: the shape of what stands before the label in each example, if labels stand there
      (see `with_labels`); empty: they do not.
    - `labels`: what `y` was where it came from, in the order of `classes`; None: 0 to k - 1.
    - `columns`: what the numbers of an example are called, if they come from a table.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")
        >>> data.shape, data.n_classes, len(data.train), data.train.x.dtype
        ((8, 8), 10, 1079, dtype('uint8'))
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    left_out: tuple[str, ...] = ()
    features: tuple[int, ...] = ()
    labels: np.ndarray | None = None
    columns: tuple[str, ...] = ()

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(split)} {name}" for name, split in self.splits._asdict().items())
        return f"Dataset({self.name!r}, {counts}, shape {self.shape}, {self.n_classes} classes)"

    @property
    def splits(self) -> Splits:
        """The three splits."""
        return Splits(self.train, self.validation, self.test)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.train.x.shape[1:]

    @property
    def shape_without_labels(self) -> tuple[int, ...]:
        """Shape of one example, without the label that may stand behind its features."""
        return self.features or self.shape

    def without_labels(self, x: Any) -> Any:
        """Examples, raw or preprocessed, as (n, *shape_without_labels)."""
        if not self.features:
            return x
        return x[:, : math.prod(self.features)].reshape(-1, *self.features)

    @property
    def white(self) -> float:
        """The raw value of white in images of bytes: what its own `Scale` divides by, or 255."""
        if isinstance(self.preprocessing, Scale):
            return min(
                255.0, max(self.preprocessing.maximum, float(np.asarray(self.train.x[:MANY]).max()))
            )
        return 255.0

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def framed(self, framing: Framing | None) -> Dataset:
        """The same with its image files in other frames; None: in its own.

        **Raises:** `UsageError` if its examples are arrays.
        """
        if framing is None:
            return self

        def cut(split: Split) -> Split:
            if not isinstance(split.x, ImageRows):
                raise UsageError(
                    f"framing: is for image files, and the examples of {self.name} are arrays; "
                    "leave it out, or use folder:PATH"
                )
            return Split(replace(split.x, framing=framing), split.y)

        train, validation, test = map(cut, self.splits)
        return replace(self, train=train, validation=validation, test=test)

    def select(self, classes: Sequence[int]) -> Dataset:
        """Keep only these classes, relabelled 0..k-1 in the order given.

        **Arguments:** `classes`: at least two different labels of this set.

        **Raises:** `UsageError` if a label is unknown or repeated, or fewer than two are given.

        !!! example

            >>> import apical
            >>> apical.load("digits").select([7, 1]).classes
            ('7', '1')
        """
        known = f"{self.name} has the labels 0 to {self.n_classes - 1}"
        if not isinstance(classes, Sequence | np.ndarray):
            raise UsageError(f"select(classes={classes}): give a list of labels; {known}.")
        chosen = tuple(classes)
        unknown = [c for c in chosen if not _is_whole(c) or not 0 <= c < self.n_classes]
        if unknown:
            raise UsageError(f"select(classes={chosen}): {unknown} unknown; {known}.")
        if len(set(chosen)) != len(chosen):
            raise UsageError(f"select(classes={chosen}): a label is repeated; give each once.")
        if len(chosen) < 2:
            raise UsageError(f"select(classes={chosen}): give at least two labels; {known}.")

        relabel = np.full(self.n_classes, -1, np.int32)
        begin = math.prod(self.features)
        relabel[list(chosen)] = np.arange(len(chosen), dtype=np.int32)

        def keep(split: Split) -> Split:
            kept = split.take(np.isin(split.y, chosen))
            x = kept.x
            if self.features:
                x = np.concatenate([x[:, :begin], x[:, [begin + c for c in chosen]]], axis=1)
            return Split(x, relabel[kept.y])

        return replace(
            self,
            train=keep(self.train),
            validation=keep(self.validation),
            test=keep(self.test),
            classes=tuple(self.classes[c] for c in chosen),
            labels=None if self.labels is None else self.labels[list(chosen)],
        )

    def limit(self, per_class: int) -> Dataset:
        """Train on the first `per_class` examples of each class, in their order.

        The other splits stay as they are.

        **Arguments:** `per_class`: 1 or more, and no more than the rarest class has.

        **Raises:** `UsageError` if a class has fewer, or for less than one.

        !!! example

            >>> import apical
            >>> len(apical.load("digits").limit(20).train)
            200
        """
        counts = np.bincount(self.train.y, minlength=self.n_classes)
        if not _is_whole(per_class) or not 1 <= per_class <= counts.min():
            raise UsageError(
                f"limit(per_class={per_class!r}): give 1 to {counts.min()}, the training examples "
                f"of {self.name}'s rarest class."
            )
        rows = [np.flatnonzero(self.train.y == c)[:per_class] for c in range(self.n_classes)]
        return replace(self, train=self.train.take(np.sort(np.concatenate(rows))))


def _is_whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)
