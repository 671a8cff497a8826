"""The registry: a new data set is one file here and one import line below. `load` takes from it."""

# ruff: noqa: F401  (the imports are the registry)

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from apical.data.dataset import Dataset
from apical.data.image_files.source import FOLDER, at_path
from apical.data.labels import SUFFIX, with_labels
from apical.data.of_a_module import of_a_module
from apical.data.source import Damaged, Source
from apical.data.sources.cifar_10 import SOURCE as CIFAR_10
from apical.data.sources.digits import SOURCE as DIGITS
from apical.data.sources.fashion_mnist import SOURCE as FASHION_MNIST
from apical.data.sources.imagenet import SOURCE as IMAGENET
from apical.data.sources.imagenette import SOURCE as IMAGENETTE
from apical.data.sources.iris import SOURCE as IRIS
from apical.data.sources.mnist import SOURCE as MNIST
from apical.data.sources.tiny_imagenet import SOURCE as TINY_IMAGENET
from apical.data.splits import checked_seed
from apical.data.tables import user_file
from apical.errors import DataError, UsageError, unknown

SOURCES: dict[str, Source] = {
    value.name: value for value in list(globals().values()) if isinstance(value, Source)
}


PART = re.compile(r"-part-\d+$")
"""What the name of a part of a data set ends with: how many images it has."""


def names() -> tuple[str, ...]:
    """The names `load` knows.

    !!! example

        >>> [name for name in names() if name.endswith("mnist")]
        ['fashion-mnist', 'mnist']
    """
    return tuple(SOURCES)


def source(name: str) -> Source:
    """The source of that name; `UsageError` with the nearest names if there is none."""
    if isinstance(name, str):
        if name.startswith(FOLDER):
            return at_path(name)
        if (file := user_file(name)) is not None:
            return file
        if (made := of_a_module(name)) is not None:
            return made
        if (whole := PART.sub("", name)) in SOURCES:
            return SOURCES[whole]
    raise UsageError(unknown("data set", str(name), SOURCES, "`apical data list` lists all"))


def can_be_had(name: str) -> bool:
    """Whether `load` finds the data set of that name on this machine, or downloads it.

    !!! example

        >>> can_be_had("mnist")
        True
    """
    return source(name.removesuffix(SUFFIX)).can_be_had()


def load(
    name: str | os.PathLike,
    *,
    seed: int = 0,
    skip_damaged: bool = False,
    left_out: Sequence[str] = (),
) -> Dataset:
    """Load a data set by name, verified byte for byte.

    | name | train / validation / test | one example | default preprocessing |
    |---|---|---|---|
    | mnist | 55000 / 5000 / 10000 | uint8 (28, 28) | `Scale(255)` |
    | fashion-mnist | 55000 / 5000 / 10000 | uint8 (28, 28) | `Scale(255)` |
    | cifar-10 | 45000 / 5000 / 10000 | uint8 (32, 32, 3) | `Standardise()`, per channel |
    | iris | 90 / 30 / 30 | float32 (4,) | `Standardise()`, per feature |
    | digits | 1079 / 359 / 359 | uint8 (8, 8) | `Scale(16)` |
    | tiny-imagenet | 90000 / 10000 / 10000 | uint8 (64, 64, 3) | `Standardise()`, per channel |
    | imagenet | 1231167 / 50000 / 50000 | uint8 (224, 224, 3) | `Normalise()` |
    | imagenette | 8969 / 500 / 3925 | uint8 (224, 224, 3) | `Normalise()` |
    | folder:PATH | as found | uint8 (224, 224, 3) | `Normalise()` |
    | MODULE.NAME | as made | as made | as made |
    | PATH.npz | as found | as found | as `from_arrays` |
    | PATH.csv, PATH.csv:COLUMN | as found | float32 (columns,) | `Standardise()` |

    MNIST, iris and digits come with the installation. The others are looked for in
    `$APICAL_DATA/<name>/`, then in the cache (`$APICAL_CACHE` or `~/.cache/apical`), and are
    otherwise downloaded into the cache. The digest checked is that of the raw content, so any
    container (raw, gzip, xz, tar) will do.

    MODULE.NAME is a data set, or a function that makes one, in a module of yours that was named by
    `--with`, `APICAL_WITH` or an entry point (`apical.values.extensions`).

    A `.npz` file has arrays `x` and `y` (or `x_train`, `y_train`), perhaps `x_test`, `y_test`,
    `x_val`, `y_val` and `classes`. A table has the names of its columns in its first line; one of
    them has the labels: COLUMN, or the one called label, class, target or y.

    Tiny-ImageNet and the three below it are image files, of which nothing is downloaded or
    verified: folders `train/<class>/` and `val/`, or a plain tar file of them (see
    `apical.data.image_files`). Of a named set, what has other numbers of images is a part, and is
    called so: `tiny-imagenet-part-14000`. All but Tiny-ImageNet's are decoded when they are read.

    **Arguments:**

    - `name`: one of `names()`, `folder:PATH` for images of yours, or the path of a file;
      `mnist+labels` is `with_labels(load("mnist"))`, and so for each whose examples are arrays.
    - `seed`: of the draw of the validation set. The test set of MNIST, Fashion-MNIST and
      CIFAR-10 is always the canonical one; iris and digits have none, so their test set is
      drawn by the seed too, stratified by class. That of image files is their `val/`, or `test/`
      where they have both. The same seed gives the same bits.

    - `skip_damaged`: of image files: read all of them first, and leave out those that cannot be
      decoded; the data set's `left_out` names them. Otherwise such a file is an error when it is
      read.
    - `left_out`: names of image files to leave out without reading them, as a data set's
      `left_out` has them.

    **Raises:** `UsageError` for an unknown name or seed; `DataError` if the data is missing,
    damaged or cannot be downloaded.

    !!! example

        >>> data = load("iris")
        >>> data.classes, data.train.x.shape, data.train.y.shape
        (('setosa', 'versicolor', 'virginica'), (90, 4), (90,))
    """
    name = os.fspath(name) if isinstance(name, os.PathLike) else name
    if isinstance(name, str) and name.endswith(SUFFIX) and not name.startswith(FOLDER):
        whole = name.removesuffix(SUFFIX)
        return with_labels(load(whole, seed=seed, skip_damaged=skip_damaged, left_out=left_out))
    damaged = Damaged(skip_damaged, tuple(left_out))
    found = source(name).load(checked_seed(seed), damaged)
    if PART.search(name) and found.name != name:
        raise DataError(
            f"{name}: expected as many images as the name says, found {found.name}; name that, or "
            "put the part back that was there"
        )
    return found
