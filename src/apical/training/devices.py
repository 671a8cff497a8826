"""Devices that share each minibatch: examples are cut into equal parts, all else is everywhere; or
large arrays of what is trained are, and the examples are everywhere.

A rule knows nothing of it. Its credit is a function of the whole minibatch, which XLA computes in
parts, so that losses are those of one device but for rounding. The devices may be those of several
hosts, which `jax.distributed` has joined: each host then has a process that runs the same program.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from apical.errors import UsageError
from apical.values.value import read

ALL = "all"
LARGE = 2**20
"""Bytes from which on an array of what is trained is cut."""


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
    cut_weights: bool = False
    """Whether large arrays of what is trained are cut, as the positions of a locally connected
    layer, and not the examples."""

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
        cut = {"shard_weights": True} if self.cut_weights else {}
        return {name: count for name, count in found.items() if count > 1} | cut

    def of_weights(self) -> "Devices":
        """The same, each with its part of the weights. Raises `UsageError` if there is one, or if
        there are several hosts."""
        if self.alone or self.hosts > 1:
            found = "one" if self.alone else f"those of {self.hosts} hosts"
            raise UsageError(
                f"shard_weights: needs several devices of one host, got {found}; set devices, or "
                "leave it out"
            )
        return replace(self, cut_weights=True)

    @property
    def alone(self) -> bool:
        """Whether there is one device, and nothing to share."""
        return self.count == 1

    def check(self, batch_size: int, learned_by: str) -> None:
        """Raises `UsageError` if minibatches cannot be cut into equal parts."""
        if batch_size % self.count and not self.cut_weights:
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
        return Mesh(np.array(taken), ("devices",))

    def _everywhere(self) -> NamedSharding:
        return NamedSharding(self._mesh, PartitionSpec())

    def _cut(self, axis: int = 0) -> NamedSharding:
        return NamedSharding(self._mesh, PartitionSpec(*[None] * axis, "devices"))

    def _place(self, leaf: Any) -> NamedSharding:
        """Of an array of what is trained: it is cut along the first axis that can be."""
        axes = [axis for axis, size in enumerate(leaf.shape) if size % self.count == 0]
        if self.cut_weights and axes and _bytes(leaf) >= LARGE:
            return self._cut(axes[0])
        return self._everywhere()

    def bytes_of(self, carry: PyTree) -> int:
        """What each device has of what is trained; of its arrays, shapes are enough."""
        leaves = jax.tree.leaves(carry)
        if not self.cut_weights:
            return sum(map(_bytes, leaves))
        parts = [self._place(leaf).shard_shape(leaf.shape) for leaf in leaves]
        return sum(
            math.prod(p) * leaf.dtype.itemsize for p, leaf in zip(parts, leaves, strict=True)
        )

    def put(self, carry: PyTree) -> PyTree:
        """What is trained, the same on each host, in its places."""
        if self.alone:
            return carry
        if self.hosts == 1:
            return jax.device_put(carry, jax.tree.map(self._place, carry))
        return self._put_together(carry, self._everywhere())

    def join(self, part: PyTree, axis: int = 0) -> PyTree:
        """Arrays for the devices; each host has its part of the examples, along an axis."""
        if self.hosts == 1:
            return jax.device_put(part)  # which does not copy what lies where a CPU can read it
        return self._put_together(part, self._cut(axis))

    def _put_together(self, tree: PyTree, sharding: NamedSharding) -> PyTree:
        put = partial(jax.make_array_from_process_local_data, sharding)
        return jax.tree.map(lambda leaf: put(np.asarray(leaf)), tree)

    def share(self, examples: PyTree) -> PyTree:
        """Within a program: examples, cut into equal parts, a device each, if they are what is."""
        if self.alone:
            return examples
        where = self._everywhere() if self.cut_weights else self._cut()
        return jax.lax.with_sharding_constraint(examples, where)

    def hold(self, carry: PyTree) -> PyTree:
        """Within a program: what is trained, in its places."""
        if self.alone:
            return carry
        return jax.lax.with_sharding_constraint(carry, jax.tree.map(self._place, carry))

    def whole(self, tree: PyTree) -> PyTree:
        """Within a program: the same arrays on every device."""
        if self.alone:
            return tree
        return jax.lax.with_sharding_constraint(tree, self._everywhere())


def _bytes(leaf: Any) -> int:
    return math.prod(leaf.shape) * leaf.dtype.itemsize
