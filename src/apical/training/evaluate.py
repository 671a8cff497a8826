"""Loss and accuracy of a network on a split, in chunks of one shape."""

import jax
import jax.numpy as jnp
import numpy as np

from apical.data import Split
from apical.data.affine import Affine
from apical.network import Network
from apical.targets import decode
from apical.training.minibatches import as_batch

CHUNK = 1000


@jax.jit
def _sums(net: Network, transform: Affine, x, labels, mask):
    batch = as_batch(net.units, transform, x, labels)
    record = net.record(batch.x)
    correct = decode(record.output) == labels
    return jnp.sum(mask * net.losses(record, batch.y)), jnp.sum(mask * correct)


def evaluate(net: Network, transform: Affine, split: Split) -> tuple[float, float]:
    """(mean loss, accuracy) over every example of the split, nan for an empty one.

    The last chunk is padded and masked.
    """
    if len(split) == 0:
        return float("nan"), float("nan")
    loss = correct = 0.0
    for begin in range(0, len(split.y), CHUNK):
        x, y = split.x[begin : begin + CHUNK], split.y[begin : begin + CHUNK]
        missing = CHUNK - len(y)
        mask = np.arange(CHUNK) < len(y)
        x = np.pad(x, [(0, missing)] + [(0, 0)] * (x.ndim - 1))
        chunk_loss, chunk_correct = _sums(net, transform, x, np.pad(y, (0, missing)), mask)
        loss += float(chunk_loss)
        correct += float(chunk_correct)
    return loss / len(split.y), correct / len(split.y)
