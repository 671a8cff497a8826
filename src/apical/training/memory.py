"""Refusal of runs that do not fit into the memory that is free."""

import math

import jax
import psutil
from jaxtyping import PyTree

from apical.errors import UsageError
from apical.training.evaluate import chunk
from apical.training.supervised import Carry, Supervised, activity
from apical.values.spelling import spell


def refuse_giants(carry: Carry, learner: Supervised, at_once: int = 1) -> None:
    """Raises `UsageError` if training this carry, of arrays or their mere shapes, needs more memory
    than is free, where `at_once` seeds train as one program.

    It needs at the least the carry and the copy of it that is kept for when training diverges; in a
    step the gradients, and every layer's activity on the way up and on the way back; in measuring
    the activity of one layer.
    """
    layers, settings = carry.net.layers, learner.settings
    kept, gradients = 2 * size_of(carry), size_of((carry.net, carry.state.learned))
    active = [2 * settings.batch_size * activity(layer) for layer in layers]
    measuring = chunk(learner, carry.net) * learner.bytes_per_example(carry.net)
    needed = at_once * (kept + max(gradients + sum(active), measuring))
    copies = (kept + gradients) // size_of(carry.net)
    shares = [copies * size_of(layer) + a for layer, a in zip(layers, active, strict=True)]
    largest = shares.index(max(shares))
    names = [*map(spell, settings.hidden), "the output"]
    refuse(
        needed,
        f"layer {largest + 1}, {names[largest]}, takes the most: give it fewer units or channels "
        "or a larger stride, or lower batch_size"
        + (f", or train the {at_once} seeds one after the other" if at_once > 1 else ""),
    )


def refuse(needed: int, remedy: str, what: str = "hidden: training") -> None:
    """Raises `UsageError`, which tells what needs so many bytes, and the remedy, if they are more
    than are free."""
    if jax.default_backend() != "cpu":
        return  # an accelerator has memory of its own, and its allocator fails in words
    there = psutil.virtual_memory().available
    if needed > there:
        raise UsageError(
            f"{what} needs {needed / 2**30:.1f} GiB of memory or more, and "
            f"{there / 2**30:.1f} are free; {remedy}"
        )


def size_of(tree: PyTree) -> int:
    """Bytes of its arrays, or of arrays of their shapes."""
    return sum(math.prod(a.shape) * a.dtype.itemsize for a in jax.tree.leaves(tree))
