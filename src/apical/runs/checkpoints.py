"""Checkpoints: the carry after an epoch, on disk, whole or not at all (Orbax).

Beside the carry lies the network of the best epoch so far, so that whatever a killed process leaves
behind, the two belong together.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np
from jaxtyping import PyTree

from apical.errors import DataError
from apical.networks.network import Network
from apical.runs.best import Snapshot

CARRY, BEST = "default", "best"
"""Orbax's items. The first has the name that Orbax gives to a single one."""


class Checkpoints:
    """The checkpoints of one seed in a folder; step numbers are epochs.

    Orbax writes into a temporary folder and renames it, so a process that is
    killed while saving leaves the previous checkpoint untouched.
    """

    def __init__(self, folder: Path):
        # Orbax takes a second to import, and a run without a folder never needs it.
        import orbax.checkpoint as ocp

        self._args, self.folder = ocp.args, folder
        self._manager = ocp.CheckpointManager(
            folder.absolute(),
            item_names=(CARRY, BEST),
            options=ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False),
        )

    def latest(self) -> int:
        """The last epoch that was saved whole; 0 if none was."""
        return self._manager.latest_step() or 0

    def save(self, epoch: int, carry: PyTree, best: Snapshot | None) -> None:
        """Save the carry after an epoch and the best network until then, if one is known.

        Does nothing if that epoch is there already.
        """
        if epoch not in self._manager.all_steps():
            trees = {CARRY: carry} if best is None else {CARRY: carry, BEST: best}
            items = {name: self._args.StandardSave(_arrays(tree)) for name, tree in trees.items()}
            self._manager.save(epoch, args=self._args.Composite(**items))

    def close(self) -> None:
        """Let go of the folder and of Orbax's threads."""
        self._manager.close()

    def restore(self, epoch: int, like: PyTree) -> PyTree:
        """The carry after an epoch, in the structure of `like`."""
        return self._read(epoch, CARRY, like)

    def best(self, epoch: int, like: Network) -> Snapshot | None:
        """The best network that was known after an epoch, in the structure of `like`."""
        if not (self.folder / str(epoch) / BEST).exists():
            return None
        number, net = self._read(epoch, BEST, Snapshot(0, like))
        return Snapshot(int(number), net)

    def _read(self, epoch: int, item: str, like: PyTree) -> PyTree:
        template = self._args.StandardRestore(_arrays(like))
        try:
            with _stragglers_unheard():
                saved = self._manager.restore(epoch, args=self._args.Composite(**{item: template}))
        except Exception as error:  # Orbax raises whatever the damaged part happens to break
            raise DataError(
                f"{self.folder / str(epoch) / item}: expected a checkpoint of this run, cannot "
                f"read it ({type(error).__name__}); restore it from a copy, delete "
                f"{self.folder / str(epoch)} to go on from an earlier epoch, or run again"
            ) from error
        leaves = [jax.numpy.asarray(leaf) for leaf in saved[item]["leaves"]]
        return jax.tree.unflatten(jax.tree.structure(like), leaves)


@contextmanager
def _stragglers_unheard() -> Iterator[None]:
    """When an array cannot be read, Orbax closes its event loop while others are still being read.

    Each of them then fails to report to that loop, in a thread, with a traceback that nobody asked
    for and no one can catch; they may come after the error, so after one the hook stays.
    """
    heard = sys.unraisablehook

    def hear(unraisable) -> None:
        if str(unraisable.exc_value) != "Event loop is closed":
            heard(unraisable)

    sys.unraisablehook = hear
    yield
    sys.unraisablehook = heard


def _arrays(tree: PyTree) -> dict[str, list[np.ndarray]]:
    return {"leaves": [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]}
