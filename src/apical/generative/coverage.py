"""Precision, recall, density and coverage of samples: what a likelihood that forgives blur hides.

Each real example and each sample has a ball that reaches to its k-th nearest neighbour among its
own kind. Sources: Kynkäänniemi et al. 2019 (precision and recall), Naeem et al. 2020 (density and
coverage).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.errors import UsageError
from apical.generative.parzen import squared_distances

ROWS = 1000
"""Rows of distances at once."""


class Coverage(NamedTuple):
    """Each is near 1 for samples of the real distribution; density may exceed 1."""

    precision: float
    """The part of the samples that lie in the ball of some real example."""
    recall: float
    """The part of the real examples that lie in the ball of some sample."""
    density: float
    """The mean number of real balls that hold a sample, divided by k."""
    coverage: float
    """The part of the real balls that hold a sample."""


def coverage(
    real: Float[np.ndarray, "real features"],
    samples: Float[np.ndarray, "samples features"],
    k: int = 5,
) -> Coverage:
    """How samples lie among real examples, in whatever features.

    **Arguments:**

    - `k`: the neighbour that a ball reaches to. The usual values are 3 for precision and recall
      and 5 for density and coverage; all are of one k here.

    **Raises:** `UsageError` if there are not more than k of each.

    !!! example

        >>> rows = np.random.default_rng(0).normal(size=(300, 2))
        >>> found = coverage(rows[:150], rows[150:])
        >>> found.precision > 0.9, found.coverage > 0.9
        (True, True)
        >>> coverage(rows[:150], rows[150:] + 100).precision
        0.0
    """
    if not 1 <= k < min(len(real), len(samples)):
        raise UsageError(
            f"k: must be 1 or more and below the {len(real)} real examples and {len(samples)} "
            f"samples, got {k}; take more samples"
        )
    ours, theirs = (np.asarray(rows, jnp.result_type(float)) for rows in (samples, real))
    of_real, of_samples = _radii(theirs, k), _radii(ours, k)
    held, recalled, covered = 0, 0, 0
    precise = np.zeros(len(samples), bool)
    for begin in range(0, len(real), ROWS):
        rows = slice(begin, begin + ROWS)
        within, reached = map(np.asarray, _balls(theirs[rows], ours, of_real[rows], of_samples))
        held += int(within.sum())
        covered += int(within.any(axis=1).sum())
        recalled += int(reached.any(axis=1).sum())
        precise |= within.any(axis=0)
    return Coverage(
        float(precise.mean()),
        recalled / len(real),
        held / (k * len(samples)),
        covered / len(real),
    )


def _radii(rows: np.ndarray, k: int) -> np.ndarray:
    """The squared distance of each row to its k-th nearest neighbour among the others."""
    parts = [_kth(rows[begin : begin + ROWS], rows, k) for begin in range(0, len(rows), ROWS)]
    return np.concatenate(parts)


@partial(jax.jit, static_argnums=2)
def _kth(some: Array, rows: Array, k: int) -> Array:
    # The nearest row is the row itself.
    nearest, _ = jax.lax.top_k(-squared_distances(some, rows), k + 1)
    return -nearest[:, k]


@jax.jit
def _balls(real: Array, samples: Array, of_real: Array, of_samples: Array) -> tuple[Array, Array]:
    """Which samples lie in the balls of real examples, and in whose balls those lie."""
    near = squared_distances(real, samples)
    return near <= of_real[:, None], near <= of_samples
