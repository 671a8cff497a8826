"""Loss and score of a network on a split, in chunks of one shape."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from apical.data import Split
from apical.data.affine import Affine
from apical.network import Network
from apical.targets import Target, together
from apical.training.minibatches import as_batch
from apical.training.passes import mean_over_passes

CHUNK = 1000


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


def evaluate(
    net: Network, target: Target, transform: Affine, split: Split, passes: int = 1
) -> tuple[float, float]:
    """(mean loss, score) over every example of the split, nan for an empty one.

    A random network's score is that of its mean output over `passes`, its loss the mean loss.
    The last chunk is padded and masked.
    """
    if len(split) == 0:
        return float("nan"), float("nan")
    loss, tallies = 0.0, []
    for begin in range(0, len(split.y), CHUNK):
        x, y = split.x[begin : begin + CHUNK], split.y[begin : begin + CHUNK]
        missing = CHUNK - len(y)
        mask = np.arange(CHUNK) < len(y)
        x = np.pad(x, [(0, missing)] + [(0, 0)] * (x.ndim - 1))
        chunk_loss, tally = _chunk(
            net, transform, x, np.pad(y, (0, missing)), mask, target=target, passes=passes
        )
        loss += float(chunk_loss)
        tallies.append(tally)
    return loss / len(split.y), float(target.grade(together(tallies), len(split.y)))
