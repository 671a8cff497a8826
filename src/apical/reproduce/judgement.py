"""The rules by which claims and aims are judged; `claims.toml` names one and its terms."""

import itertools
import math
import statistics
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from apical.reproduce.evidence import Evidence
from apical.runs.statistics import (
    FEWEST,
    half_width,
    half_width_of_one_more,
    level_of_each,
    paired_difference,
    proportion_interval,
)

RULED = "2026-11-28"
"""When the kinds of rules took the form they have here. Runs of earlier commits were known then."""
BY_INTERVAL = (
    "A demand on a mean is judged by its whole 95 % t interval over the seeds. Reproduced: the "
    "interval lies within what is demanded. Partial: the mean does. Not reproduced: no part of the "
    f"interval does. Undecided: anything else, fewer than {FEWEST} seeds, or a value that is no "
    "number."
)


class Verdict(Enum):
    """What came out of a claim or an aim, in the words of claims.json."""

    REPRODUCED = "reproduced"
    PARTIAL = "partial"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"
    """Too few seeds, or seeds that differ too much."""
    NOT_RUN = "not run"
    NOT_JUDGED = "not judged"
    """A smoke run says nothing about the claims."""
    IN_LINE = "in line"
    """Runs of fewer epochs than the paper's do what it says of its own; they decide nothing."""
    NOT_IN_LINE = "not in line"
    MET = "met"
    """Of an aim of ours."""
    NOT_MET = "not met"


@dataclass(frozen=True)
class Finding:
    """Our side of a claim: the verdict, our number with its half-width and seeds, and a note."""

    verdict: Verdict
    ours: str | float | None = None
    ci95: float | None = None
    n: int = 0
    note: str = ""
    budget: str = ""
    """Where our runs are shorter than the paper's: `at 60 of 500 epochs`."""


def by_interval(
    mean: float, half: float, low: float, high: float, against: float | None = None
) -> Verdict:
    """Whether a mean lies between `low` and `high`, as far as its interval tells.

    **Arguments:**

    - `half`: the half-width of the interval; nan where a value is no number.
    - `against`: that of the interval which has to lie outside for `not reproduced`; None: the same.

    !!! example

        >>> by_interval(0.02, 0.01, 0.0, math.inf).value
        'reproduced'
        >>> by_interval(-0.02, 0.03, 0.0, math.inf).value
        'undecided'
        >>> by_interval(-0.02, 0.01, 0.0, math.inf, against=0.03).value
        'undecided'
    """
    against = half if against is None else against
    if not math.isfinite(half):
        return Verdict.UNDECIDED
    if low < mean - half and mean + half < high:
        return Verdict.REPRODUCED
    if mean + against <= low or high <= mean - against:
        return Verdict.NOT_REPRODUCED
    return Verdict.PARTIAL if low < mean < high else Verdict.UNDECIDED


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on several demands at once."""
    order = (Verdict.REPRODUCED, Verdict.PARTIAL, Verdict.UNDECIDED, Verdict.NOT_REPRODUCED)
    return max(verdicts, key=order.index)


def too_few(n: int, ours: float | None = None) -> Finding:
    """The finding where runs are missing. `ours` is what few runs gave, to be shown beside it."""
    verdict = Verdict.UNDECIDED if n else Verdict.NOT_RUN
    return Finding(verdict, ours, n=n, note=f"{n} seeds, at least {FEWEST} are needed")


class Judgement(ABC):
    """A rule that decides a claim by the finished runs."""

    @property
    @abstractmethod
    def compared(self) -> Sequence[str]:
        """The terms it looks at: `experiment@epoch`, or `experiment` for its last epoch."""

    @property
    @abstractmethod
    def demand(self) -> str | float:
        """What the paper, or our aim, says, as the table shows it."""

    @property
    @abstractmethod
    def rule(self) -> str:
        """The rule in words."""

    @abstractmethod
    def judge(self, evidence: Evidence) -> Finding:
        """Decide; `undecided` or `not run` where runs are missing."""

    @property
    def experiments(self) -> set[str]:
        """The experiments it needs."""
        return {term.partition("@")[0] for term in self.compared}


@dataclass(frozen=True)
class OfOneTerm(Judgement):
    """A judgement of one term's metric over its seeds."""

    term: str
    metric: str

    @property
    def compared(self):
        return (self.term,)

    def judge(self, evidence):
        values = evidence.values(self.term, self.metric)
        if len(values) < FEWEST:
            return too_few(len(values), statistics.fmean(values) if values else None)
        if not all(map(math.isfinite, values)):
            return Finding(Verdict.UNDECIDED, n=len(values), note="a seed's value is no number")
        return self.decide(values)

    @abstractmethod
    def decide(self, values: list[float]) -> Finding:
        """Judge enough seeds, all of whose values are numbers."""


@dataclass(frozen=True)
class Value(OfOneTerm):
    """Our runs have the paper's number, which a single run of theirs gave.

    That run is one more draw from the spread of such runs, if theirs are as ours. So it is held
    against the interval of one further run, not against that of our mean.
    """

    value: float
    widest: float = 0.05
    """Runs that differ by more than this decide nothing for the number."""

    @property
    def demand(self):
        return self.value

    @property
    def rule(self):
        return (
            "against a single run: reproduced: the paper's number lies within the 95 % interval of "
            "one further run (our mean's, times the root of n + 1), of a half-width of at most "
            f"{self.widest:g}; undecided: within a wider one; not reproduced: outside of it"
        )

    def decide(self, values):
        mean, further = statistics.fmean(values), half_width_of_one_more(values)
        distance = abs(mean - self.value)
        if distance > further:
            verdict = Verdict.NOT_REPRODUCED
        else:
            verdict = Verdict.REPRODUCED if further <= self.widest else Verdict.UNDECIDED
        note = f"distance {distance:.4f}; a further run of ours: ± {further:.4f}"
        return Finding(verdict, mean, half_width(values), len(values), note)


@dataclass(frozen=True)
class Within(OfOneTerm):
    """Our mean lies within `distance` of the paper's number, a mean itself."""

    value: float
    distance: float

    @property
    def demand(self):
        return self.value

    @property
    def rule(self):
        return f"by interval: the mean, within {self.distance:g} of the paper's number"

    def decide(self, values):
        mean, half = statistics.fmean(values), half_width(values)
        verdict = by_interval(mean, half, self.value - self.distance, self.value + self.distance)
        note = f"distance {abs(mean - self.value):.4f}, allowed {self.distance:g}"
        return Finding(verdict, mean, half, len(values), note)


@dataclass(frozen=True)
class Bound(OfOneTerm):
    """Our metric lies on the right side of a stated number."""

    value: float

    @property
    @abstractmethod
    def limits(self) -> tuple[float, float]:
        """What the mean must lie between."""

    @property
    def _above(self):
        return math.isfinite(self.limits[0])

    @property
    def demand(self):
        return f"{'>' if self._above else '<'} {self.value:g}"

    @property
    def rule(self):
        return f"by interval: the mean, {'above' if self._above else 'below'} the number"

    def decide(self, values):
        mean, half = statistics.fmean(values), half_width(values)
        return Finding(by_interval(mean, half, *self.limits), mean, half, len(values))


@dataclass(frozen=True)
class Above(Bound):
    """Our metric lies above a stated number."""

    @property
    def limits(self):
        return self.value, math.inf


@dataclass(frozen=True)
class Below(Bound):
    """Our metric lies below a stated number."""

    @property
    def limits(self):
        return -math.inf, self.value


@dataclass(frozen=True)
class Every(OfOneTerm):
    """Our metric reaches a stated number in every single seed."""

    value: float

    @property
    def demand(self):
        return f">= {self.value:g} in every seed"

    @property
    def rule(self):
        return "seed by seed: reproduced: all reach the number; not reproduced: one does not"

    def decide(self, values):
        reached = sum(value >= self.value for value in values)
        whole = reached == len(values)
        verdict = Verdict.REPRODUCED if whole else Verdict.NOT_REPRODUCED
        low, high = proportion_interval(reached, len(values))
        note = f"lowest {min(values):.4f}; 95 % interval of the rate {low:.2f} to {high:.2f}"
        return Finding(verdict, f"{reached} of {len(values)}", None, len(values), note)


@dataclass(frozen=True)
class Paired(Judgement):
    """A judgement of differences between terms, by the seeds that all of them have.

    Runs of one seed share their first weights and the order of the data, so that they are a pair.
    `reproduced` takes every difference, so that each may be judged by its own interval. A single
    one is enough for `not reproduced`, and the more there are, the likelier one is to be found by
    chance: they are judged by intervals that hold together (`level_of_each`).
    """

    metric: str

    @property
    @abstractmethod
    def pairs(self) -> list[tuple[str, str]]:
        """The terms, two by two, whose difference (first less second) is judged."""

    @property
    def least(self) -> float:
        """What every difference must lie above."""
        return 0.0

    @property
    def correction(self) -> str:
        """The end of the rule in words, where there is more than one difference."""
        count = len(self.pairs)
        if count == 1:
            return ""
        return (
            f"; not reproduced by the interval of one of {count} differences, each of "
            f"{100 * level_of_each(count):.4g} %, so that all hold together at 95 %"
        )

    def judge(self, evidence):
        found, n = at_shared_seeds(evidence, self.compared, self.metric)
        if n < FEWEST:
            return too_few(n)
        differences = [paired_difference(found[a], found[b]) for a, b in self.pairs]
        together = level_of_each(len(self.pairs))
        against = [paired_difference(found[a], found[b], together)[1] for a, b in self.pairs]
        verdict = worst(
            by_interval(*each, self.least, math.inf, wider)
            for each, wider in zip(differences, against, strict=True)
        )
        ours = ", ".join(f"{statistics.fmean(values):.4f}" for values in found.values())
        note = "; ".join(f"{mean:+.4f} ± {half:.4f}" for mean, half in differences)
        return Finding(verdict, ours, None, n, f"differences {note}")


def at_shared_seeds(
    evidence: Evidence, terms: Iterable[str], metric: str
) -> tuple[dict[str, list[float]], int]:
    """Each term's values of the seeds that all terms have, in one order, and how many there are."""
    by_seed = {term: evidence.at(term, metric) for term in terms}
    shared = sorted(set.intersection(*map(set, by_seed.values())))
    found = {term: [values[seed] for seed in shared] for term, values in by_seed.items()}
    return found, len(shared)


@dataclass(frozen=True)
class Order(Paired):
    """Each term's metric is above the next one's, seed by seed."""

    terms: list[str]

    @property
    def compared(self):
        return self.terms

    @property
    def pairs(self):
        return list(itertools.pairwise(self.terms))

    @property
    def demand(self):
        return " > ".join(self.terms)

    @property
    def rule(self):
        return (
            "by interval: the difference of every two neighbours, paired by seed, above zero"
            + self.correction
        )


@dataclass(frozen=True)
class AboveAll(Paired):
    """One term's metric lies above each of several others', seed by seed."""

    term: str
    others: list[str]

    @property
    def compared(self):
        return (self.term, *self.others)

    @property
    def pairs(self):
        return [(self.term, other) for other in self.others]

    @property
    def demand(self):
        return f"{self.term} > each of {', '.join(self.others)}"

    @property
    def rule(self):
        return (
            "by interval: the difference to each of the others, paired by seed, above zero"
            + self.correction
        )


@dataclass(frozen=True)
class Near(Paired):
    """One term's metric is at most `margin` below another's, seed by seed."""

    term: str
    other: str
    margin: float

    @property
    def compared(self):
        return self.term, self.other

    @property
    def pairs(self):
        return [(self.term, self.other)]

    @property
    def least(self):
        return -self.margin

    @property
    def demand(self):
        return f"{self.term} >= {self.other} - {self.margin:g}"

    @property
    def rule(self):
        return f"by interval: the difference, paired by seed, above -{self.margin:g}"


@dataclass(frozen=True)
class Most(Judgement):
    """In most of several cases one term's metric lies above another's.

    A case is a pair of terms and a metric.
    """

    pairs: list[list[str]]
    metrics: list[str]

    @property
    def compared(self):
        return list(itertools.chain(*self.pairs))

    @property
    def demand(self):
        return f"the first above the second in most of {self._count} cases"

    @property
    def _count(self) -> int:
        return len(self.pairs) * len(self.metrics)

    @property
    def rule(self):
        return (
            "case by case: each is judged by interval, the difference paired by seed above zero, "
            f"at {100 * level_of_each(self._count):.4g} %, so that the intervals of all "
            f"{self._count} cases hold together at 95 %; reproduced: more than half of the cases "
            "are; not reproduced: at least half are not reproduced; undecided: anything else"
        )

    def judge(self, evidence):
        cases, seeds, level = [], [], level_of_each(self._count)
        for (first, second), metric in itertools.product(self.pairs, self.metrics):
            found, n = at_shared_seeds(evidence, (first, second), metric)
            seeds.append(n)
            if n >= FEWEST:
                difference = paired_difference(found[first], found[second], level)
                cases.append(by_interval(*difference, 0.0, math.inf))
        if len(cases) < len(seeds):
            return too_few(min(seeds))
        above, below = cases.count(Verdict.REPRODUCED), cases.count(Verdict.NOT_REPRODUCED)
        verdict = Verdict.UNDECIDED
        if 2 * above > len(cases):
            verdict = Verdict.REPRODUCED
        elif 2 * below >= len(cases):
            verdict = Verdict.NOT_REPRODUCED
        ours = f"above in {above} of {len(cases)}"
        note = f"not above in {below}, undecided in {len(cases) - above - below}"
        return Finding(verdict, ours, None, min(seeds), note)


KINDS: dict[str, type[Judgement]] = {
    "value": Value,
    "within": Within,
    "above": Above,
    "below": Below,
    "every": Every,
    "order": Order,
    "above-all": AboveAll,
    "near": Near,
    "most": Most,
}
"""The kinds of rules that the `test` of a claim or an aim may name."""
