"""Loss and score of a network on a split, in chunks of one shape."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from apical.data import Split
from apical.data.preprocessing import Affine
from apical.networks.layers import Layer
from apical.networks.network import Network
from apical.networks.targets import Target, together
from apical.training.minibatches import as_batch
from apical.training.passes import mean_over_passes

CHUNK = 1000
MOST = 2**30
"""Bytes of the largest layer's activity at once, where `CHUNK` examples would take more."""


@partial(jax.jit, static_argnames=("target", "passes"))
def _chunk(
    net: Network, transform: Affine, x, labels, mask, *, target: Target, passes: int
) -> tuple[Array, PyTree]:
    batch = as_batch(target, net.units, transform, x, labels)

    def measure(net: Network) -> tuple[Array, Array]:
        record = net.record(batch.x)
        return record.output, net.losses(record, batch.y)

    output, losses = mean_over_passes(net, passes, measure)
    return jnp.sum(mask * losses), target.tally(output, batch.y, mask)


def chunk(net: Network) -> int:
    """How many examples are measured at once."""
    return max(1, min(CHUNK, MOST // max(map(activity, net.layers))))


def activity(layer: Layer) -> int:
    """Bytes of a layer's units for one example, and of the copies of its input in windows."""
    *positions, _ = layer.out_shape
    copies = math.prod(positions) * layer.fans[0] if positions else 0
    return (copies + math.prod(layer.out_shape)) * layer.weight.dtype.itemsize


def evaluate(
    net: Network, target: Target, transform: Affine, split: Split, passes: int = 1
) -> tuple[float, float]:
    """(mean loss, score) over every example of the split, nan for an empty one.

    A random network's score is that of its mean output over `passes`, its loss the mean loss.
    The last chunk is padded and masked.
    """
    if len(split) == 0:
        return float("nan"), float("nan")
    loss, tallies, size = 0.0, [], chunk(net)
    for begin in range(0, len(split.y), size):
        x, y = split.x[begin : begin + size], split.y[begin : begin + size]
        missing = size - len(y)
        mask = np.arange(size) < len(y)
        x = np.pad(x, [(0, missing)] + [(0, 0)] * (x.ndim - 1))
        chunk_loss, tally = _chunk(
            net, transform, x, np.pad(y, (0, missing)), mask, target=target, passes=passes
        )
        loss += float(chunk_loss)
        tallies.append(tally)
    return loss / len(split.y), float(target.grade(together(tallies), len(split.y)))
