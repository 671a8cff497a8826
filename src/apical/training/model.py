"""A trained model: a network with all that it takes to use it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.data.preprocessing import Affine
from apical.errors import UsageError
from apical.networks.network import Network
from apical.rules import State
from apical.runs.precision import full_precision
from apical.training.supervised import Supervised

if TYPE_CHECKING:
    from apical.training.task import Task


@dataclass(frozen=True)
class Model:
    """Answers raw examples: preprocessing is part of it.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")
        >>> model = apical.fit(apical.BP(), data, hidden=(8,), epochs=1).models[0]
        >>> model(data.test.x[:3]).shape
        (3, 10)
    """

    learner: Supervised
    network: Network
    state: State | None
    """What the rule owned; None if only the network was kept."""
    epoch: int
    """The epoch after which it is."""
    transform: Affine
    shape: tuple[int, ...]
    """Of a raw example."""
    classes: tuple[str, ...]
    """What its labels are called."""

    @classmethod
    def of(cls, task: "Task", network: Network, epoch: int, state: State | None = None) -> "Model":
        """A network as it was after an epoch of a task."""
        data = task.data
        return cls(
            task.learner, network, state, epoch, task.transforms.test, data.shape, data.classes
        )

    @full_precision()
    def __call__(self, x: np.ndarray | Array) -> Float[Array, "examples units"]:
        """The outputs for raw examples, shape (examples, *shape).

        A network that samples gives its mean output over the settings' passes.
        Raises `UsageError` for examples of another shape.
        """
        if np.shape(x)[1:] != self.shape or not np.ndim(x):
            raise UsageError(
                f"x: must be raw examples of shape (n, {', '.join(map(str, self.shape))}), got "
                f"{np.shape(x)}"
            )
        return self.learner.answer(self.network, self.transform(jnp.asarray(x)))
