"""What the differences of paired runs say, and how many seeds it would take for more."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from apical.runs.statistics import paired_difference

ALPHA, POWER = 0.05, 0.8
"""Of a test: how often it sees what is not there, and how often it is to see what is."""
MOST = 10**5
"""Seeds above which their number is not told."""
EXACT, FLIPS = 16, 10**5 - 1
"""Pairs up to which all 2^n flips of signs are tried; of more, so many flips are drawn."""


@dataclass(frozen=True)
class Difference:
    """One minus other, over the seeds that both have: the same initial weights and minibatches."""

    one: str
    other: str
    n: int
    """Seeds."""
    mean: float
    half_width: float
    """Of the 95 % t interval, for this pair alone; nan of one seed."""
    effect: float
    """Mean over standard deviation of the differences (Cohen's d_z); nan of one seed, and where
    all differences are equal and not zero, which tells nothing of their spread."""
    p: float
    """Of the paired t test, two-sided; of the sign-flip test where all differences are equal, as
    those of scores on a small test set may be."""
    p_holm: float
    """The same, by Holm's step-down method for all pairs of the comparison."""
    p_permutation: float
    """Of the sign-flip test, exact up to 16 seeds: no smaller than 2 / 2^n."""
    seeds_needed: int | None
    """The fewest with which the t test, unadjusted, sees a difference of this size and spread in
    four of five comparisons; None: more than 100,000, or nobody knows."""

    @property
    def distinguishable(self) -> bool:
        """Whether the adjusted t test says that they differ, at 5 %."""
        return self.p_holm < ALPHA

    @property
    def words(self) -> str:
        """The verdict as a sentence, in percentage points."""
        if not self.n > 1:
            return f"{self.one} and {self.other}: one seed tells nothing of a difference"
        if not self.distinguishable:
            more = ""
            if self.seeds_needed is not None and self.seeds_needed > self.n:
                more = f"; about {self.seeds_needed} seeds would tell a difference of the seen size"
            return f"{self.one} and {self.other} are not distinguishable at n = {self.n}{more}"
        word = "ahead of" if self.mean > 0 else "behind"
        spread = f" ± {100 * self.half_width:.2f}"
        return (
            f"{self.one} is {100 * abs(self.mean):.2f}{spread} points {word} {self.other} "
            f"(n = {self.n}, Holm-adjusted p = {self.p_holm:.2g})"
        )


def differences(
    scores: Mapping[str, Mapping[int, float]], pairs: Sequence[tuple[str, str]]
) -> list[Difference]:
    """The difference of each pair; p values are adjusted for all of them.

    **Arguments:**

    - `scores`: by name, then by seed; a pair is compared on the seeds that both have.
    - `pairs`: of names.

    **Raises:** `ValueError` for a pair without a seed in common.

    !!! example

        >>> scores = {"bp": {0: 0.98, 1: 0.97, 2: 0.98}, "fa": {0: 0.95, 1: 0.945, 2: 0.952}}
        >>> [found] = differences(scores, [("fa", "bp")])
        >>> found.words
        'fa is 2.77 ± 0.63 points behind bp (n = 3, Holm-adjusted p = 0.0027)'
    """
    from scipy.stats import permutation_test, ttest_rel

    found = []
    for one, other in pairs:
        seeds = [s for s in scores[one] if s in scores[other]]
        if not seeds:
            raise ValueError(f"{one} and {other} have no seed in common")
        ours, theirs = ([scores[name][s] for s in seeds] for name in (one, other))
        mean, half = paired_difference(ours, theirs)
        p = exact = 1.0
        gaps = np.subtract(ours, theirs)
        if len(gaps) > 1 and gaps.any():
            flips = np.inf if len(gaps) <= EXACT else FLIPS
            exact = float(
                permutation_test(
                    (gaps,), np.mean, permutation_type="samples", n_resamples=flips, rng=0
                ).pvalue
            )
            p = exact if _all_alike(gaps) else float(ttest_rel(ours, theirs).pvalue)
        effect = _effect(gaps)
        found.append(
            Difference(
                one, other, len(seeds), mean, half, effect, p, p, exact, seeds_needed(effect)
            )
        )
    adjusted = holm([each.p for each in found])
    return [replace(each, p_holm=p) for each, p in zip(found, adjusted, strict=True)]


def _effect(gaps: np.ndarray) -> float:
    """Mean over standard deviation."""
    if len(gaps) < 2 or (gaps.any() and _all_alike(gaps)):
        return math.nan
    return float(gaps.mean()) / statistics.stdev(gaps.tolist()) if gaps.any() else 0.0


def _all_alike(gaps: np.ndarray) -> bool:
    """Whether they are equal but for the rounding of the scores."""
    return float(np.ptp(gaps)) <= 1e-12 * float(np.abs(gaps).max())


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted p values: max over the smaller ones, p_(k) the k-th smallest of m, of
    (m - k + 1) p_(k), and 1 at the most (Holm 1979).

    !!! example

        >>> [round(each, 3) for each in holm([0.01, 0.04, 0.03, 0.005])]
        [0.03, 0.06, 0.06, 0.02]
    """
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate((len(p) - np.arange(len(p))) * np.take(p, order))
    return np.minimum(adjusted, 1.0).tolist()


def seeds_needed(effect: float, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """The fewest pairs with which a two-sided t test sees an effect so often.

    **Arguments:**

    - `effect`: mean over standard deviation of the differences.

    Returns None if that is more than 100,000, or if the effect is unknown.

    !!! example

        >>> seeds_needed(0.5)
        34
    """
    from scipy.stats import nct, t

    if math.isnan(effect) or effect == 0:
        return None
    size = min(abs(effect), 1e3)  # of which two seeds are enough

    def enough(n: int) -> bool:
        critical, centre = t.isf(alpha / 2, n - 1), size * math.sqrt(n)
        wrong_side = float(nct.cdf(-critical, n - 1, centre))  # nan where it is too small to tell
        return float(nct.sf(critical, n - 1, centre)) + np.nan_to_num(wrong_side) >= power

    below, above = 1, 2
    while not enough(above):
        below, above = above, 2 * above
        if below > MOST:
            return None
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if enough(middle) else (middle, above)
    return above
