"""Devices that share each minibatch: examples are cut into equal parts, all else is everywhere.

A rule knows nothing of it. Its credit is a function of the whole minibatch, which XLA computes in
parts, so that losses are those of one device but for rounding.
"""

from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from apical.errors import UsageError
from apical.values.value import read

ALL = "all"


@dataclass(frozen=True)
class Devices:
    """How many devices of this machine take each step together.

    One alone has no sharding, so that its programs are those of one device.

    !!! example

        >>> Devices(1).alone
        True
    """

    count: int = 1

    @classmethod
    def of(cls, asked: int | str) -> "Devices":
        """So many, or "all" that there are. Raises `UsageError` if there are fewer."""
        there = len(jax.local_devices())
        digits = isinstance(asked, str) and asked.isdecimal()
        count = there if asked == ALL else read(int, int(asked) if digits else asked, "devices")
        if not 1 <= count <= there:
            raise UsageError(
                f"devices: this machine has {there} ({jax.default_backend()}), got {asked}; give a "
                f"number from 1 to {there}, or {ALL}"
            )
        return cls(count)

    @property
    def alone(self) -> bool:
        """Whether there is one device, and nothing to share."""
        return self.count == 1

    def check(self, batch_size: int, learned_by: str) -> None:
        """Raises `UsageError` if minibatches cannot be cut into equal parts."""
        if batch_size % self.count:
            alone = f"; {learned_by} takes one example at a time" if batch_size == 1 else ""
            raise UsageError(
                f"devices: a minibatch of {batch_size} cannot be cut into {self.count} equal "
                f"parts{alone}; give a batch_size that is a multiple of {self.count}, or one device"
            )

    @cached_property
    def _mesh(self) -> Mesh:
        return Mesh(np.array(jax.local_devices()[: self.count]), ("examples",))

    def _everywhere(self) -> NamedSharding:
        return NamedSharding(self._mesh, PartitionSpec())

    def put(self, tree: PyTree) -> PyTree:
        """A tree of arrays on every device."""
        return tree if self.alone else jax.device_put(tree, self._everywhere())

    def share(self, examples: PyTree) -> PyTree:
        """Within a program: arrays whose first axis is cut into equal parts, a device each."""
        if self.alone:
            return examples
        cut = NamedSharding(self._mesh, PartitionSpec("examples"))
        return jax.lax.with_sharding_constraint(examples, cut)

    def whole(self, tree: PyTree) -> PyTree:
        """Within a program: the same arrays on every device."""
        if self.alone:
            return tree
        return jax.lax.with_sharding_constraint(tree, self._everywhere())
