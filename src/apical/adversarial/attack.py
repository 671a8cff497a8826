"""What an attack is: a way up an objective, within eps of the clean inputs."""

from abc import abstractmethod
from collections.abc import Callable

from jaxtyping import Array, Float, PRNGKeyArray

from apical.values.value import Value

Rise = Callable[[Float[Array, "batch ..."]], Float[Array, " batch"]]
"""The objective of each example at points of the unit cube."""


class Attack(Value):
    """A way to perturbed inputs. What it proposes is clipped and tested by `attempt.attempt`."""

    @abstractmethod
    def propose(
        self, rise: Rise, u: Array, eps: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, "batch ..."]:
        """Points near the clean ones `u`, wherever the attack thinks `rise` is high."""


class GradientAttack(Attack):
    """An attack that follows slopes, which is what may be asked for."""

    @property
    @abstractmethod
    def iterates(self) -> bool:
        """Whether it looks at the slope more than once."""
