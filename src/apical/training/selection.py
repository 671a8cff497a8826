"""Selection of a network among those that a run keeps of each seed: the last, or the best."""

from abc import abstractmethod

from apical.errors import UsageError
from apical.runs.best import Snapshot
from apical.runs.checkpoints import Checkpoints
from apical.training.supervised import Carry
from apical.values.value import Value


class Selection(Value):
    """Takes one network out of a seed's last checkpoint."""

    @abstractmethod
    def take(self, checkpoints: Checkpoints, like: Carry) -> Snapshot:
        """The network, in the structure of `like`. There must be a checkpoint."""


class Last(Selection):
    """The network after the last epoch."""

    def take(self, checkpoints, like):
        epoch = checkpoints.latest()
        return Snapshot(epoch, checkpoints.restore(epoch, like).net)


class Best(Selection):
    """The network after the epoch of best validation score, the first of equals.

    Raises `UsageError` if the checkpoint holds none.
    """

    def take(self, checkpoints, like):
        found = checkpoints.best(checkpoints.latest(), like.net)
        if found is None:
            raise UsageError(
                f"network: {checkpoints.folder} keeps none of a best validation epoch, since the "
                "run had no validation examples or an apical that kept the last network alone; "
                "take the last, or train again with overwrite"
            )
        return found
