"""What each rule of a comparison may spend on training: a budget turns into epochs and steps."""

import math
from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

from apical.errors import UsageError
from apical.settings import Settings
from apical.training.order import steps_in_epoch
from apical.values.value import Value


class Budget(Value):
    """An amount that is the same for every rule, whatever its size of minibatches."""

    timed: ClassVar[bool] = False
    """Whether it must be known how long a rule's step takes."""

    @abstractmethod
    def updates(self, settings: Settings, examples: int, step: float) -> float:
        """Steps of the network that it pays for; `spend` says what the arguments are."""

    def spend(self, settings: Settings, examples: int, step: float = math.nan) -> Settings:
        """The settings with the epochs and the steps an epoch that come nearest to the budget.

        No fewer epochs are begun than that takes, and these are of equal length, so that no more
        than half a step an epoch is lost or won.

        **Arguments:**

        - `examples`: of the training set.
        - `step`: seconds of one step, of a `timed` budget.

        **Raises:** `UsageError` if the settings make no minibatch of so many examples.

        !!! example

            >>> chosen = Updates(1500).spend(Settings(batch_size=100), 100_000)
            >>> chosen.epochs, chosen.steps_per_epoch
            (2, 750)
        """
        full = steps_in_epoch(replace(settings, steps_per_epoch=None), examples)
        updates = max(1.0, self.updates(settings, examples, step))
        epochs = max(1, math.ceil(updates / full - 1e-9))
        steps = max(1, min(full, round(updates / epochs)))
        return replace(settings, epochs=epochs, steps_per_epoch=None if steps == full else steps)


def _whole(budget: Budget, amount: int) -> None:
    if amount < 1:
        raise UsageError(f"budget, {budget.name}: must be at least 1, got {amount}")


class Epochs(Budget):
    """Passes over the training set."""

    amount: int

    def __check_init__(self):
        _whole(self, self.amount)

    def updates(self, settings, examples, step):
        return self.amount * steps_in_epoch(replace(settings, steps_per_epoch=None), examples)


class Updates(Budget):
    """Steps of the network's optimizer, one a minibatch."""

    amount: int

    def __check_init__(self):
        _whole(self, self.amount)

    def updates(self, settings, examples, step):
        return self.amount


class Examples(Budget):
    """Examples that are met, counted each time."""

    amount: int

    def __check_init__(self):
        _whole(self, self.amount)

    def updates(self, settings, examples, step):
        return self.amount / settings.batch_size


class Seconds(Budget):
    """Seconds of training on this machine, without compiling and without measuring."""

    timed = True

    amount: float

    def __check_init__(self):
        if not 0 < self.amount < math.inf:
            raise UsageError(f"budget, seconds: must be above 0 and finite, got {self.amount}")

    def updates(self, settings, examples, step):
        return self.amount / step
