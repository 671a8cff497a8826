"""Selection of a network among those that a run keeps of each seed: the last, or the best."""

from abc import abstractmethod

from apical.errors import UsageError
from apical.runs.best import Snapshot
from apical.runs.checkpoints import Checkpoints
from apical.training.learner import Carry, Learner
from apical.values.value import Value


class Selection(Value):
    """Takes one network out of a seed's last checkpoint."""

    @abstractmethod
    def take(
        self, checkpoints: Checkpoints, learner: Learner, like: Carry
    ) -> tuple[Snapshot, Carry | None]:
        """What answers, and the carry that it is part of where that was kept too.

        In the structure of `like`. There must be a checkpoint.
        """


class Last(Selection):
    """The network after the last epoch."""

    def take(self, checkpoints, learner, like):
        epoch = checkpoints.latest()
        carry = checkpoints.restore(epoch, like)
        return Snapshot(epoch, learner.parameters(carry)), carry


class Best(Selection):
    """The network after the epoch of best validation score, the first of equals.

    Raises `UsageError` if the checkpoint holds none.
    """

    def take(self, checkpoints, learner, like):
        found = checkpoints.best(checkpoints.latest(), learner.parameters(like))
        if found is None:
            raise UsageError(
                f"network: {checkpoints.folder} keeps none of a best validation epoch, since the "
                "run had no validation examples or an apical that kept the last network alone; "
                "take the last, or train again with overwrite"
            )
        return found, None
