"""The Fréchet distance of two sets of features, each taken for a Gaussian."""

import numpy as np
import scipy.linalg
from jaxtyping import Float


def frechet(a: Float[np.ndarray, "a features"], b: Float[np.ndarray, "b features"]) -> float:
    """|m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), of their means and covariances.

    It is biased upwards for few examples: compare numbers of equally many alone.
    Source: Heusel et al. 2017, with other features.

    !!! example

        >>> rows = np.random.default_rng(0).normal(size=(100, 2))
        >>> round(frechet(rows, rows), 6), round(frechet(rows, rows + [3.0, 4.0]), 6)
        (0.0, 25.0)
    """
    one, other = np.asarray(a, float), np.asarray(b, float)
    apart = np.sum((one.mean(axis=0) - other.mean(axis=0)) ** 2)
    c, d = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (one, other))
    # (C D)^(1/2) has the eigenvalues of the symmetric (C^(1/2) D C^(1/2))^(1/2).
    root = _root(c)
    between = np.sqrt(np.clip(scipy.linalg.eigvalsh(root @ d @ root), 0, None)).sum()
    return float(max(apart + np.trace(c) + np.trace(d) - 2 * between, 0.0))


def _root(c: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """The symmetric square root of a covariance."""
    values, vectors = scipy.linalg.eigh(c)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
