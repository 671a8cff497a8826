"""A checkpoint as an earlier apical saved it with Orbax: a folder, its arrays known by their order.

It is read with TensorStore, which Orbax writes with, and an array after the other: Orbax reads all
at once, and when one is damaged, the threads that read the others print a traceback each.
"""

from pathlib import Path

import numpy as np

from apical.errors import UsageError

ITEMS = {"carry": "default", "best": "best"}


def read(folder: Path, item: str, count: int) -> list[np.ndarray] | None:
    """The `count` arrays of an item; None if the checkpoint has none of that name.

    Raises `UsageError` if TensorStore is not installed, and `ValueError` for a damaged checkpoint.
    """
    try:
        import tensorstore
    except ImportError:
        raise UsageError(
            f"{folder}: was saved by an earlier apical, with Orbax; to read it, "
            "pip install 'apical[old-runs]'"
        ) from None
    place = folder.absolute() / ITEMS[item]
    if not place.exists():
        return None
    try:
        return [_array(tensorstore, place, f"leaves.{i}/") for i in range(count)]
    except ValueError as error:
        raise ValueError(str(error).split(" [tensorstore_spec")[0]) from error


def _array(tensorstore, place: Path, name: str) -> np.ndarray:
    kvstore = {"driver": "ocdbt", "base": f"file://{place}/", "path": name}
    array = tensorstore.open({"driver": "zarr", "kvstore": kvstore}, read=True).result()
    return np.asarray(array.read().result())
