"""Devices that share each minibatch: examples are cut into equal parts, all else is everywhere.

A rule knows nothing of it. Its credit is a function of the whole minibatch, which XLA computes in
parts, so that losses are those of one device but for rounding. The devices may be those of several
hosts, which `jax.distributed` has joined: each host then has a process that runs the same program.
"""

from dataclasses import dataclass
from functools import cached_property, partial

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from apical.errors import UsageError
from apical.values.value import read

ALL = "all"


@dataclass(frozen=True)
class Devices:
    """How many devices take each step together, on how many hosts.

    Every host has as many of them. One alone has no sharding, so that its programs are those of one
    device.

    !!! example

        >>> Devices(1).alone
        True
    """

    count: int = 1
    hosts: int = 1

    @classmethod
    def of(cls, asked: int | str) -> "Devices":
        """So many of each host, or "all" that it has. Raises `UsageError` if it has fewer."""
        there = len(jax.local_devices())
        digits = isinstance(asked, str) and asked.isdecimal()
        count = there if asked == ALL else read(int, int(asked) if digits else asked, "devices")
        if not 1 <= count <= there:
            raise UsageError(
                f"devices: this machine has {there} ({jax.default_backend()}), got {asked}; give a "
                f"number from 1 to {there}, or {ALL}"
            )
        hosts = jax.process_count()
        return cls(count * hosts, hosts)

    @property
    def told(self) -> dict[str, int]:
        """What config.json has of it: nothing of one device."""
        found = {"devices": self.count, "hosts": self.hosts}
        return {name: count for name, count in found.items() if count > 1}

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

    def part(self, size: int) -> slice:
        """Which of so many examples this host's devices take."""
        each = size // self.hosts
        first = each * (jax.process_index() if self.hosts > 1 else 0)
        return slice(first, first + each)

    @cached_property
    def _mesh(self) -> Mesh:
        each = self.count // self.hosts
        hosts = [jax.process_index()] if self.hosts == 1 else range(self.hosts)
        taken = [device for host in hosts for device in jax.local_devices(host)[:each]]
        return Mesh(np.array(taken), ("examples",))

    def _everywhere(self) -> NamedSharding:
        return NamedSharding(self._mesh, PartitionSpec())

    def _cut(self, axis: int = 0) -> NamedSharding:
        return NamedSharding(self._mesh, PartitionSpec(*[None] * axis, "examples"))

    def put(self, tree: PyTree) -> PyTree:
        """A tree of arrays, the same on each host, on every device."""
        if self.alone:
            return tree
        if self.hosts == 1:
            return jax.device_put(tree, self._everywhere())
        return self._put_together(tree, self._everywhere())

    def join(self, part: PyTree, axis: int = 0) -> PyTree:
        """Arrays of which each host has its part of the examples, along an axis."""
        return part if self.hosts == 1 else self._put_together(part, self._cut(axis))

    def _put_together(self, tree: PyTree, sharding: NamedSharding) -> PyTree:
        put = partial(jax.make_array_from_process_local_data, sharding)
        return jax.tree.map(lambda leaf: put(np.asarray(leaf)), tree)

    def share(self, examples: PyTree) -> PyTree:
        """Within a program: arrays whose first axis is cut into equal parts, a device each."""
        if self.alone:
            return examples
        return jax.lax.with_sharding_constraint(examples, self._cut())

    def whole(self, tree: PyTree) -> PyTree:
        """Within a program: the same arrays on every device."""
        if self.alone:
            return tree
        return jax.lax.with_sharding_constraint(tree, self._everywhere())
