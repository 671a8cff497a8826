"""The interface of a measurement of a network, and of the update that a rule gives it."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from jaxtyping import Array, Float

from apical.networks.network import Network
from apical.values.value import Value

ByLayer: TypeAlias = Sequence[Float[Array, ""] | None]
"""A number for each layer, from the input up; None where a layer has none."""


class Measurement(Value):
    """Numbers that are taken before the first step and after every epoch, on the same examples."""

    @abstractmethod
    def __call__(
        self,
        net: Network,
        x: Float[Array, "examples ..."],
        y: Float[Array, "examples units"],
        update: Network,
    ) -> Mapping[str, ByLayer | Float[Array, ""]]:
        """Each quantity by its name: a number for each layer, or one for the network. Pure, and
        compiled.

        **Arguments:**

        - `net`: the network; where units send samples, one outcome of them.
        - `x`, `y`: the probe's examples and their targets.
        - `update`: the rule's pseudo-gradient on them, which is descended.
        """

    @property
    def recorded(self) -> str:
        """What a row of metrics.jsonl calls it."""
        return self.name.replace("-", "_")
