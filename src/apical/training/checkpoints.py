"""Checkpoints: the carry after an epoch, on disk, whole or not at all (Orbax)."""

from pathlib import Path

import jax
import numpy as np
from jaxtyping import PyTree

from apical.errors import DataError


class Checkpoints:
    """The checkpoints of one seed in a folder; step numbers are epochs.

    Orbax writes into a temporary folder and renames it, so a process that is
    killed while saving leaves the previous checkpoint untouched.
    """

    def __init__(self, folder: Path):
        # Orbax takes a second to import, and a run without a folder never needs it.
        import orbax.checkpoint as ocp

        self._args, self._folder = ocp.args, folder
        self._manager = ocp.CheckpointManager(
            folder.absolute(),
            options=ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False),
        )

    def latest(self) -> int:
        """The last epoch that was saved whole; 0 if none was."""
        return self._manager.latest_step() or 0

    def save(self, epoch: int, carry: PyTree) -> None:
        """Save the carry after an epoch; does nothing if that epoch is there already."""
        if epoch not in self._manager.all_steps():
            leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(carry)]
            self._manager.save(epoch, args=self._args.StandardSave({"leaves": leaves}))

    def close(self) -> None:
        """Let go of the folder and of Orbax's threads."""
        self._manager.close()

    def restore(self, epoch: int, like: PyTree) -> PyTree:
        """The carry after an epoch, in the structure of `like`."""
        leaves, structure = jax.tree.flatten(like)
        template = {"leaves": [np.asarray(leaf) for leaf in leaves]}
        try:
            saved = self._manager.restore(epoch, args=self._args.StandardRestore(template))
        except Exception as error:  # Orbax raises whatever the damaged part happens to break
            raise DataError(
                f"{self._folder / str(epoch)}: expected a checkpoint of this run, cannot read it "
                f"({type(error).__name__}); restore the folder, or train again with --overwrite"
            ) from error
        return jax.tree.unflatten(structure, [jax.numpy.asarray(a) for a in saved["leaves"]])
