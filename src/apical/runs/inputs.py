"""What a run's networks read: raw examples of a shape, and the map that makes them inputs.

It lies beside the checkpoints, so that a network answers raw examples without its training data.
"""

from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from apical.data.preprocessing import Affine
from apical.errors import DataError
from apical.runs.checkpoints import read_arrays, write_arrays
from apical.runs.writing import told

FILE = "inputs.npz"


class Inputs(NamedTuple):
    """Of the network, as it is used: the test set's preprocessing."""

    shape: tuple[int, ...]
    """Of a raw example."""
    transform: Affine
    labels: np.ndarray | None
    """What the data called each class; None: 0 to k - 1."""
    columns: tuple[str, ...] = ()
    """What a table calls the numbers of an example."""

    def write(self, folder: Path) -> None:
        """Write them to the folder of checkpoints, unless they are there.

        Raises `WriteError` if that is impossible.
        """
        if (folder / FILE).exists():
            return
        with told(folder):
            folder.mkdir(exist_ok=True)
        arrays = {
            "shape": np.array(self.shape, np.int64),
            "shift": self.transform.shift,
            "scale": self.transform.scale,
        }
        if self.labels is not None:
            arrays["labels"] = self.labels
        if self.columns:
            arrays["columns"] = np.array(self.columns)
        write_arrays(folder / FILE, ((f"{name}.npy", array) for name, array in arrays.items()))

    @classmethod
    def read(cls, folder: Path) -> "Inputs | None":
        """Those of a folder of checkpoints; None if an apical wrote it that did not keep them.

        Raises `DataError` if the file is damaged.
        """
        path = folder / FILE
        if not path.exists():
            return None
        try:
            arrays = read_arrays(path)
            shape = tuple(int(size) for size in arrays["shape.npy"])
            transform = Affine(*jax.device_put((arrays["shift.npy"], arrays["scale.npy"])))
            columns = arrays.get("columns.npy", np.array([], str))
            return cls(shape, transform, arrays.get("labels.npy"), tuple(columns.tolist()))
        except Exception as error:  # whatever the damaged part of the file happens to break
            raise DataError(
                f"{path}: expected the preprocessing of a run, cannot read it "
                f"({type(error).__name__}: {error}); restore it from a copy, or run again"
            ) from error
