"""References for samples: what the same measures say of real examples, and of a Gaussian."""

import numpy as np
from jaxtyping import Float

from apical.errors import UsageError


def drawn_again(
    rows: Float[np.ndarray, "examples inputs"], count: int, seed: int
) -> Float[np.ndarray, "count inputs"]:
    """So many real examples in place of samples. Raises `UsageError` if there are fewer."""
    if count > len(rows):
        raise UsageError(
            f"samples: {count} are more than the {len(rows)} training examples that they are "
            f"compared with; ask for {len(rows)} at most"
        )
    return rows[np.random.default_rng(seed).permutation(len(rows))[:count]]


def gaussian(
    rows: Float[np.ndarray, "examples inputs"],
    count: int,
    seed: int,
    components: int = 100,
    within: tuple[float, float] = (0.0, 1.0),
) -> Float[np.ndarray, "count inputs"]:
    """Samples of a Gaussian with the mean of the examples and their first principal components.

    **Arguments:**

    - `components`: how many of them; no more than there are inputs.
    - `within`: values beyond are moved to the nearer end.
    """
    mean = rows.mean(axis=0, dtype=float)
    covariance = np.cov(rows, rowvar=False, dtype=float)
    variances, directions = np.linalg.eigh(np.atleast_2d(covariance))
    kept = slice(max(0, rows.shape[1] - components), None)
    draw = np.random.default_rng(seed).normal(size=(count, rows.shape[1]))[:, kept]
    deviations = np.sqrt(np.clip(variances[kept], 0, None))
    return np.clip(mean + draw * deviations @ directions[:, kept].T, *within).astype(rows.dtype)
