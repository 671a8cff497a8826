"""The registry: a new data set is one file here and one import line below. `load` takes from it."""

# ruff: noqa: F401  (the imports are the registry)

from __future__ import annotations

from apical.data.dataset import Dataset
from apical.data.source import Source
from apical.data.sources.cifar_10 import SOURCE as CIFAR_10
from apical.data.sources.digits import SOURCE as DIGITS
from apical.data.sources.fashion_mnist import SOURCE as FASHION_MNIST
from apical.data.sources.iris import SOURCE as IRIS
from apical.data.sources.mnist import SOURCE as MNIST
from apical.data.splits import checked_seed
from apical.errors import UsageError, unknown

SOURCES: dict[str, Source] = {
    value.name: value for value in list(globals().values()) if isinstance(value, Source)
}


def names() -> tuple[str, ...]:
    """The names `load` knows.

    !!! example

        >>> sorted(names())
        ['cifar-10', 'digits', 'fashion-mnist', 'iris', 'mnist']
    """
    return tuple(SOURCES)


def source(name: str) -> Source:
    """The source of that name; `UsageError` with the nearest names if there is none."""
    if isinstance(name, str) and name in SOURCES:
        return SOURCES[name]
    raise UsageError(unknown("data set", str(name), SOURCES, "`apical data list` lists all"))


def load(name: str, *, seed: int = 0) -> Dataset:
    """Load a data set by name, verified byte for byte.

    | name | train / validation / test | one example | default preprocessing |
    |---|---|---|---|
    | mnist | 55000 / 5000 / 10000 | uint8 (28, 28) | `Scale(255)` |
    | fashion-mnist | 55000 / 5000 / 10000 | uint8 (28, 28) | `Scale(255)` |
    | cifar-10 | 45000 / 5000 / 10000 | uint8 (32, 32, 3) | `Standardise()`, per channel |
    | iris | 90 / 30 / 30 | float32 (4,) | `Standardise()`, per feature |
    | digits | 1079 / 359 / 359 | uint8 (8, 8) | `Scale(16)` |

    MNIST, iris and digits come with the installation. The others are looked for in
    `$APICAL_DATA/<name>/`, then in the cache (`$APICAL_CACHE` or `~/.cache/apical`), and are
    otherwise downloaded into the cache. The digest checked is that of the raw content, so any
    container (raw, gzip, xz, tar) will do.

    **Arguments:**

    - `name`: one of `names()`.
    - `seed`: of the draw of the validation set. The test set of MNIST, Fashion-MNIST and
      CIFAR-10 is always the canonical one; iris and digits have none, so their test set is
      drawn by the seed too, stratified by class. The same seed gives the same bits.

    **Raises:** `UsageError` for an unknown name or seed; `DataError` if the data is missing,
    damaged or cannot be downloaded.

    !!! example

        >>> data = load("iris")
        >>> data.classes, data.train.x.shape, data.train.y.shape
        (('setosa', 'versicolor', 'virginica'), (90, 4), (90,))
    """
    return source(name).load(checked_seed(seed))
