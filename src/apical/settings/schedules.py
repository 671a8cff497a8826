"""Schedules of the learning rate."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from apical.errors import UsageError
from apical.values.spelling import spell
from apical.values.value import Value

if TYPE_CHECKING:
    import optax


class Schedule(Value):
    """A learning rate for each step."""

    endless: ClassVar[bool] = False
    """Whether a run of more steps has the same rates at those it shares with a shorter one."""

    @property
    def bound_to_epochs(self) -> str | None:
        """Why a run that follows it depends on its number of epochs; None if it does not."""
        if self.endless:
            return None
        return f"the learning rate follows a schedule ({spell(self)}) up to its last epoch"

    @abstractmethod
    def rate(self, lr: float, steps: int) -> "float | optax.Schedule":
        """The rate that begins at `lr`, over a run of so many steps."""


class Constant(Schedule):
    """lr."""

    endless = True

    def rate(self, lr, steps):
        return lr


class Cosine(Schedule):
    """lr (1 + cos(pi t / steps)) / 2: zero at the end."""

    def rate(self, lr, steps):
        import optax  # here, so that `apical train --help` need not wait for it

        return optax.cosine_decay_schedule(lr, steps)


class HoldThenLinear(Schedule):
    """lr for the first `share` of the steps, then linearly to zero at the end."""

    name = "hold"
    share: float = 0.5

    def __check_init__(self):
        if not 0 <= self.share < 1:
            raise UsageError(f"share of hold: must be 0 or more and below 1, got {self.share}")

    def rate(self, lr, steps):
        import optax

        held = int(self.share * steps)
        return optax.linear_schedule(lr, 0.0, steps - held, held)


class LinearDecay(Schedule):
    """lr (1 - t / steps): zero at the end."""

    name = "linear"

    def rate(self, lr, steps):
        import optax

        return optax.linear_schedule(lr, 0.0, steps)
