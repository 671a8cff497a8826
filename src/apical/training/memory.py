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
    if jax.default_backend() != "cpu":
        return  # an accelerator has memory of its own, and its allocator fails in words
    layers, settings = carry.net.layers, learner.settings
    kept, gradients = 2 * _bytes(carry), _bytes((carry.net, carry.state.learned))
    active = [2 * settings.batch_size * activity(layer) for layer in layers]
    measuring = chunk(learner, carry.net) * learner.bytes_per_example(carry.net)
    needed = at_once * (kept + max(gradients + sum(active), measuring))
    there = psutil.virtual_memory().available
    if needed > there:
        copies = (kept + gradients) // _bytes(carry.net)
        shares = [copies * _bytes(layer) + a for layer, a in zip(layers, active, strict=True)]
        largest = shares.index(max(shares))
        names = [*map(spell, settings.hidden), "the output"]
        raise UsageError(
            f"hidden: training needs {needed / 2**30:.1f} GiB of memory or more, and "
            f"{there / 2**30:.1f} are free; layer {largest + 1}, {names[largest]}, takes the most: "
            "give it fewer units or channels or a larger stride, or lower batch_size"
            + (f", or train the {at_once} seeds one after the other" if at_once > 1 else "")
        )


def _bytes(tree: PyTree) -> int:
    return sum(math.prod(a.shape) * a.dtype.itemsize for a in jax.tree.leaves(tree))
