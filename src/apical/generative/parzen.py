"""Parzen-window estimates of log-likelihood: a Gaussian around every sample.

Source: the convention of Breuleux, Bengio & Vincent 2011, which Bengio et al. 2015 follow. It
forgives blur and does not see what is missing (Theis, van den Oord & Bethge 2016): read it beside
other measures.
"""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.errors import UsageError

SIGMAS = tuple(np.logspace(-1, 0, 10).tolist())
"""The widths that are tried: ten from 0.1 to 1, at equal steps of their logarithm."""
AT_ONCE = 4_000_000
"""Distances that are held at once."""


class Parzen(NamedTuple):
    """The log-likelihood of test examples under a window chosen on validation."""

    sigma: float
    mean: float
    standard_error: float
    """Of the mean, over the test examples."""
    validation: tuple[float, ...]
    """The mean on validation for each width that was tried."""

    @property
    def at_an_end(self) -> bool:
        """Whether the width is the smallest or the largest that was tried."""
        return self.validation.index(max(self.validation)) in (0, len(self.validation) - 1)


def parzen(
    samples: Float[np.ndarray, "samples inputs"],
    validation: Float[np.ndarray, "examples inputs"],
    test: Float[np.ndarray, "examples inputs"],
    sigmas: tuple[float, ...] = SIGMAS,
) -> Parzen:
    """log 1/n sum_i N(x; s_i, sigma^2 I): the width that is best on validation, the mean on test.

    **Arguments:** rows, in the units of the network's inputs.

    !!! example

        >>> rows = np.random.default_rng(0).uniform(size=(200, 3))
        >>> found = parzen(rows[:100], rows[100:150], rows[150:])
        >>> found.sigma in SIGMAS, found.at_an_end
        (True, False)
    """
    tried = log_likelihoods(samples, validation, sigmas).mean(axis=1)
    best = int(np.argmax(tried))
    (chosen,) = log_likelihoods(samples, test, (sigmas[best],))
    error = chosen.std(ddof=1) / math.sqrt(len(chosen)) if len(chosen) > 1 else math.nan
    return Parzen(sigmas[best], float(chosen.mean()), float(error), tuple(tried.tolist()))


def log_likelihoods(
    samples: Float[np.ndarray, "samples inputs"],
    x: Float[np.ndarray, "examples inputs"],
    sigmas: tuple[float, ...],
) -> Float[np.ndarray, "sigmas examples"]:
    """log 1/n sum_i N(x; s_i, sigma^2 I) of each example, for each width.

    Examples are taken some at a time, and sums of exponentials formed in logarithms.
    Raises `UsageError` if there are no samples or no examples.
    """
    if not len(samples) or not len(x):
        raise UsageError(
            f"parzen: needs samples and examples, got {len(samples)} and {len(x)}; give one or "
            "more of each"
        )
    size = max(1, min(len(x), AT_ONCE // len(samples)))
    centres, widths = jnp.asarray(samples, float), jnp.asarray(sigmas, float)
    found = []
    for begin in range(0, len(x), size):
        part = np.asarray(x[begin : begin + size])
        padded = np.pad(part, [(0, size - len(part)), (0, 0)])
        found.append(np.asarray(_log_likelihoods(centres, padded, widths), float)[:, : len(part)])
    inputs = x.shape[1]
    normaliser = np.log(len(samples)) + inputs / 2 * np.log(2 * np.pi * np.square(sigmas))
    return np.concatenate(found, axis=1) - normaliser[:, None]


@jax.jit
def _log_likelihoods(samples: Array, x: Array, sigmas: Array) -> Array:
    near = squared_distances(x, samples)
    each = partial(jax.nn.logsumexp, axis=1)
    return jax.lax.map(lambda sigma: each(-near / (2 * sigma**2)), sigmas)


def squared_distances(a: Array, b: Array) -> Float[Array, "a b"]:
    """|a_i - b_j|^2, by one matrix product; rounding makes none of them negative."""
    lengths = jnp.sum(a**2, axis=1)[:, None] + jnp.sum(b**2, axis=1)
    return jnp.maximum(lengths - 2 * a @ b.T, 0.0)
