"""Means with intervals, and differences of runs that share their seeds."""

import math
import statistics
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri, stdtrit

FEWEST = 3
"""Values below which the interval of a mean is too wide to say anything."""


def half_width(values: Sequence[float], level: float = 0.95) -> float:
    """Half the width of the t interval of the mean; nan for fewer than two values, or with a nan.

    **Arguments:**

    - `values`: one of each seed.
    - `level`: how often such an interval holds the mean of all seeds there could be.

    !!! example

        >>> round(half_width([0.90, 0.91, 0.92]), 4)
        0.0248
    """
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return math.nan
    t = float(stdtrit(len(values) - 1, (1 + level) / 2))
    return t * statistics.stdev(values) / math.sqrt(len(values))


def half_width_of_one_more(values: Sequence[float], level: float = 0.95) -> float:
    """Half the width of the interval, around the mean, that one further value falls into.

    t s sqrt(1 + 1/n), the prediction interval of a normal sample: sqrt(n + 1) times `half_width`,
    since a further value has a spread of its own besides the mean's. nan where that is.

    !!! example

        >>> round(half_width_of_one_more([0.90, 0.91, 0.92]), 4)
        0.0497
    """
    return half_width(values, level) * math.sqrt(len(values) + 1)


def mean_and_half_width(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over the seeds (first axis) and the half-widths of their 95 % t intervals."""
    flat = values.reshape(len(values), -1)
    half = np.array([half_width(column) for column in flat.T.tolist()])
    return values.mean(axis=0), half.reshape(values.shape[1:])


def paired_difference(
    ours: Sequence[float], theirs: Sequence[float], level: float = 0.95
) -> tuple[float, float]:
    """Mean of ours - theirs, pair by pair, and the half-width of its interval.

    **Arguments:**

    - `ours`, `theirs`: one of each seed, in the same order. A pair is a seed: the same initial
      weights, the same order of the data.
    - `level`: the interval's.

    **Raises:** `ValueError` for another number of ours than of theirs.

    !!! example

        >>> mean, half = paired_difference([0.90, 0.91, 0.92], [0.89, 0.90, 0.92])
        >>> round(mean, 4), round(half, 4)
        (0.0067, 0.0143)
    """
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    return statistics.fmean(differences), half_width(differences, level)


def level_of_each(count: int) -> float:
    """The level of each of so many intervals that hold together at 95 %, by Bonferroni.

    !!! example

        >>> level_of_each(1), level_of_each(5)
        (0.95, 0.99)
    """
    return 1 - 0.05 / count


def proportion_interval(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a proportion, which stays within [0, 1]; (0, 1) without trials.

    !!! example

        >>> low, high = proportion_interval(9, 10)
        >>> round(low, 3), round(high, 3)
        (0.596, 0.982)
    """
    if trials == 0:
        return 0.0, 1.0
    z = float(ndtri((1 + level) / 2))
    share, scale = successes / trials, 1 + z**2 / trials
    centre = (share + z**2 / (2 * trials)) / scale
    half = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2) / scale
    return max(0.0, centre - half), min(1.0, centre + half)
