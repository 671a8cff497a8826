"""Schedules of the learning rate."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from apical.values.value import Value

if TYPE_CHECKING:
    import optax


class Schedule(Value):
    """A learning rate for each step."""

    endless: ClassVar[bool] = False
    """Whether a run of more steps has the same rates at those it shares with a shorter one."""

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


class LinearDecay(Schedule):
    """lr (1 - t / steps): zero at the end."""

    name = "linear"

    def rate(self, lr, steps):
        import optax

        return optax.linear_schedule(lr, 0.0, steps)
