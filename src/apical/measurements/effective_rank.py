"""How many directions the updates and activities of a layer really have."""

import jax.numpy as jnp
from jax.scipy.special import entr
from jaxtyping import Array, Float

from apical.measurements.measurement import Measurement


class EffectiveRank(Measurement):
    """exp(-sum_i p_i log p_i) with p_i = s_i / sum_j s_j, of a matrix's singular values s.

    For each layer, that of the rule's update of the weights, a row for each unit (or channel, or
    unit at a position) and a column for each weight that it has; and that of its activity, a row
    for each example and a column for each unit, with each unit's mean taken away, since it tells
    no example from another. At most the lower of rows and columns; 0 if nothing varies.

    Source: Roy & Vetterli 2007.
    """

    def __call__(self, net, x, y, update):
        activities = [h.reshape(len(h), -1) for h in net.record(x).activities[1:]]
        return {
            "update": [
                effective_rank(layer.weight.reshape(-1, layer.fans[0])) for layer in update.layers
            ],
            "activity": [effective_rank(h - jnp.mean(h, axis=0)) for h in activities],
        }


def effective_rank(matrix: Float[Array, "rows columns"]) -> Float[Array, ""]:
    """exp of the entropy of the normalised singular values; 0 for zeros.

    !!! example

        >>> [round(float(effective_rank(a)), 4) for a in (jnp.eye(3), jnp.ones((3, 5)))]
        [3.0, 1.0]
    """
    # Values that are no numbers stay so: only a matrix of zeros is divided by one.
    values = jnp.linalg.svd(matrix, compute_uv=False)
    total = jnp.sum(values)
    shares = values / jnp.where(total == 0, 1.0, total)
    return jnp.where(total == 0, 0.0, jnp.exp(jnp.sum(entr(shares))))
