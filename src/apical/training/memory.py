"""Whether a run fits into the memory that is free."""

import math

import jax
import psutil
from jaxtyping import PyTree

from apical.errors import UsageError
from apical.layers import Layer
from apical.settings import Settings
from apical.training.epoch import Carry
from apical.training.evaluate import CHUNK
from apical.values import spell


def refuse_giants(carry: Carry, settings: Settings) -> None:
    """Raises `UsageError` if training this carry, of arrays or their mere shapes, needs more memory
    than is free.

    It needs at the least the carry and the copy of it that is kept for when training diverges; in a
    step the gradients and every layer's activity, and in measuring the activity of one layer.
    """
    if jax.default_backend() != "cpu":
        return  # an accelerator has memory of its own, and its allocator fails in words
    layers = carry.net.layers
    kept, gradients = 2 * _bytes(carry), _bytes((carry.net, carry.state.learned))
    activity = [_activity(layer) for layer in layers]
    in_step = gradients + settings.batch_size * sum(activity)
    measuring = CHUNK * max(activity)
    needed, there = kept + max(in_step, measuring), psutil.virtual_memory().available
    if needed > there:
        weights = [5 * _bytes(layer) for layer in layers]
        largest = max(range(len(layers)), key=lambda i: weights[i] + CHUNK * activity[i])
        names = [*map(spell, settings.stack), "the output"]
        raise UsageError(
            f"hidden, net: training needs {needed / 2**30:.1f} GiB of memory or more, and "
            f"{there / 2**30:.1f} are free; layer {largest + 1}, {names[largest]}, takes the most: "
            "give it fewer units or channels or a larger stride, or lower batch_size"
        )


def _activity(layer: Layer) -> int:
    """Bytes of a layer's units for one example, and of the copies of its input in windows."""
    *positions, _ = layer.out_shape
    copies = math.prod(positions) * layer.fans[0] if positions else 0
    return (copies + math.prod(layer.out_shape)) * layer.weight.dtype.itemsize


def _bytes(tree: PyTree) -> int:
    return sum(math.prod(a.shape) * a.dtype.itemsize for a in jax.tree.leaves(tree))
