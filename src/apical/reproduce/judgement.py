"""The rules by which claims are judged; `claims.toml` names one and its terms."""

import itertools
import statistics
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

from apical.reproduce.evidence import Evidence
from apical.runs.statistics import FEWEST, half_width, paired_difference, proportion_interval


class Verdict(Enum):
    """What came out of a claim, in the words of claims.json."""

    REPRODUCED = "reproduced"
    PARTIAL = "partial"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"
    """Too few seeds."""
    NOT_RUN = "not run"
    NOT_JUDGED = "not judged"
    """A smoke run says nothing about the claims."""


@dataclass(frozen=True)
class Finding:
    """Our side of a claim: the verdict, our number with its half-width and seeds, and a note."""

    verdict: Verdict
    ours: str | float | None = None
    ci95: float | None = None
    n: int = 0
    note: str = ""


def too_few(n: int, ours: float | None = None) -> Finding:
    """The finding where runs are missing. `ours` is what few runs gave, to be shown beside it."""
    verdict = Verdict.UNDECIDED if n else Verdict.NOT_RUN
    return Finding(verdict, ours, n=n, note=f"{n} seeds, at least {FEWEST} are needed")


def graded(whole: bool, part: bool) -> Verdict:
    """Reproduced if the whole demand holds, partial if the weaker part of it does."""
    if whole:
        return Verdict.REPRODUCED
    return Verdict.PARTIAL if part else Verdict.NOT_REPRODUCED


class Judgement(ABC):
    """A rule that decides a claim by the finished runs."""

    @property
    @abstractmethod
    def experiments(self) -> set[str]:
        """The experiments it needs."""

    @property
    @abstractmethod
    def paper(self) -> str | float:
        """The paper's side, as the claims table shows it."""

    @property
    @abstractmethod
    def rule(self) -> str:
        """The rule in words."""

    @abstractmethod
    def judge(self, evidence: Evidence) -> Finding:
        """Decide; `undecided` or `not run` where runs are missing."""


@dataclass(frozen=True)
class OfOneTerm(Judgement):
    """A judgement of one term's metric, `experiment@epoch`, over its seeds."""

    term: str
    metric: str

    @property
    def experiments(self):
        return {experiment_of(self.term)}


def experiment_of(term: str) -> str:
    """The experiment of a term, `experiment@epoch` or `experiment` for its last epoch."""
    return term.partition("@")[0]


@dataclass(frozen=True)
class Value(OfOneTerm):
    """Our mean lies within so many half-widths of its 95 % interval from the paper's number.

    The half-width of few seeds is wide by itself; `widest` bounds what it may excuse.
    """

    value: float
    intervals: float = 3.0
    widest: float = 0.05
    """No distance above this counts as reproduced, however wide our interval is."""

    @property
    def paper(self):
        return self.value

    @property
    def rule(self):
        return (
            f"reproduced: our mean within {self.intervals:g} half-widths of its 95 % interval of "
            f"the paper's number, and within {self.widest:g}; partial: within twice that"
        )

    def judge(self, evidence):
        values = evidence.values(self.term, self.metric)
        if len(values) < FEWEST:
            return too_few(len(values))
        mean, half = statistics.fmean(values), half_width(values)
        distance, allowed = abs(mean - self.value), min(self.intervals * half, self.widest)
        verdict = graded(distance <= allowed, distance <= 2 * allowed)
        note = f"distance {distance:.4f}, allowed {allowed:.4f}"
        return Finding(verdict, mean, half, len(values), note)


@dataclass(frozen=True)
class Within(OfOneTerm):
    """Our mean lies within `distance` of the paper's number.

    For numbers that a paper gives without a spread and that are dear to run: one or two seeds are
    shown beside it and decide nothing.
    """

    value: float
    distance: float

    @property
    def paper(self):
        return self.value

    @property
    def rule(self):
        return (
            f"reproduced: the mean of at least {FEWEST} seeds within {self.distance:g} of the "
            "paper's number; partial: within twice that; fewer seeds are shown and decide nothing"
        )

    def judge(self, evidence):
        values = evidence.values(self.term, self.metric)
        if not values:
            return too_few(0)
        mean = statistics.fmean(values)
        half = half_width(values) if len(values) > 1 else None
        off = abs(mean - self.value)
        note = f"distance {off:.4f}, allowed {self.distance:g}"
        if len(values) < FEWEST:
            few = f"{note}; at least {FEWEST} seeds decide"
            return Finding(Verdict.UNDECIDED, mean, half, len(values), few)
        verdict = graded(off <= self.distance, off <= 2 * self.distance)
        return Finding(verdict, mean, half, len(values), note)


@dataclass(frozen=True)
class Bound(OfOneTerm):
    """Our metric lies on the right side of a stated number."""

    value: float

    @property
    @abstractmethod
    def side(self) -> tuple[str, int]:
        """The word for it, and the sign of (metric - number) there."""

    @property
    def paper(self):
        return f"{'<' if self.side[1] < 0 else '>'} {self.value:g}"

    @property
    def rule(self):
        word, _ = self.side
        return f"reproduced: our whole 95 % interval lies {word}; partial: our mean does"

    def judge(self, evidence):
        values = evidence.values(self.term, self.metric)
        if len(values) < FEWEST:
            return too_few(len(values), statistics.fmean(values) if values else None)
        _, sign = self.side
        mean, half = statistics.fmean(values), half_width(values)
        clear = sign * (mean - self.value)
        verdict = graded(clear > half, clear > 0)
        return Finding(verdict, mean, half, len(values))


@dataclass(frozen=True)
class Above(Bound):
    """Our metric lies above a stated number."""

    @property
    def side(self):
        return "above", 1


@dataclass(frozen=True)
class Below(Bound):
    """Our metric lies below a stated number."""

    @property
    def side(self):
        return "below", -1


@dataclass(frozen=True)
class Every(OfOneTerm):
    """Our metric reaches a stated number in every single seed."""

    value: float

    @property
    def paper(self):
        return f">= {self.value:g} in every seed"

    @property
    def rule(self):
        return "reproduced: every seed reaches the number; partial: more than half of them do"

    def judge(self, evidence):
        values = evidence.values(self.term, self.metric)
        if len(values) < FEWEST:
            return too_few(len(values))
        reached = sum(value >= self.value for value in values)
        verdict = graded(reached == len(values), 2 * reached > len(values))
        low, high = proportion_interval(reached, len(values))
        note = f"lowest {min(values):.4f}; 95 % interval of the rate {low:.2f} to {high:.2f}"
        return Finding(verdict, f"{reached} of {len(values)}", None, len(values), note)


@dataclass(frozen=True)
class Order(Judgement):
    """Each term's metric is above the next one's, seed by seed."""

    terms: list[str]
    metric: str

    @property
    def experiments(self):
        return {experiment_of(term) for term in self.terms}

    @property
    def paper(self):
        return " > ".join(self.terms)

    @property
    def rule(self):
        return (
            "reproduced: every paired 95 % interval of a difference lies above zero; "
            "partial: the means are in order"
        )

    def judge(self, evidence):
        by_seed = [evidence.at(term, self.metric) for term in self.terms]
        shared = sorted(set.intersection(*map(set, by_seed)))
        if len(shared) < FEWEST:
            return too_few(len(shared))
        found = [[values[seed] for seed in shared] for values in by_seed]
        differences = [paired_difference(a, b) for a, b in itertools.pairwise(found)]
        verdict = graded(
            all(mean - half > 0 for mean, half in differences),
            all(mean > 0 for mean, _ in differences),
        )
        ours = ", ".join(f"{statistics.fmean(values):.4f}" for values in found)
        note = "; ".join(f"{mean:+.4f} ± {half:.4f}" for mean, half in differences)
        return Finding(verdict, ours, None, len(shared), f"differences {note}")


@dataclass(frozen=True)
class AboveAll(Judgement):
    """One term's metric lies above each of several others'."""

    term: str
    others: list[str]
    metric: str

    @property
    def _orders(self):
        return [Order([self.term, other], self.metric) for other in self.others]

    @property
    def experiments(self):
        return {experiment_of(term) for term in (self.term, *self.others)}

    @property
    def paper(self):
        return f"{self.term} > each of {', '.join(self.others)}"

    @property
    def rule(self):
        return "reproduced, partial: as for an order, and for every pair"

    def judge(self, evidence):
        found = [order.judge(evidence) for order in self._orders]
        worst = max(found, key=lambda f: list(Verdict).index(f.verdict))
        if worst.verdict in (Verdict.UNDECIDED, Verdict.NOT_RUN):
            return worst
        terms = (self.term, *self.others)
        ours = [statistics.fmean(evidence.values(term, self.metric)) for term in terms]
        note = "; ".join(finding.note for finding in found)
        n = min(finding.n for finding in found)
        return Finding(worst.verdict, ", ".join(f"{v:.4f}" for v in ours), None, n, note)


@dataclass(frozen=True)
class Near(Judgement):
    """One term's metric is at most `margin` below another's, seed by seed."""

    term: str
    other: str
    metric: str
    margin: float

    @property
    def experiments(self):
        return {experiment_of(self.term), experiment_of(self.other)}

    @property
    def paper(self):
        return f"{self.term} >= {self.other} - {self.margin:g}"

    @property
    def rule(self):
        return (
            "reproduced: the paired 95 % interval of the difference lies above minus the margin; "
            "partial: the mean difference does"
        )

    def judge(self, evidence):
        ours, theirs = (evidence.at(term, self.metric) for term in (self.term, self.other))
        shared = sorted(ours.keys() & theirs.keys())
        if len(shared) < FEWEST:
            return too_few(len(shared))
        mean, half = paired_difference([ours[s] for s in shared], [theirs[s] for s in shared])
        verdict = graded(mean - half > -self.margin, mean > -self.margin)
        return Finding(verdict, f"{mean:+.4f}", half, len(shared), "paired difference")


KINDS: dict[str, type[Judgement]] = {
    "value": Value,
    "within": Within,
    "above": Above,
    "below": Below,
    "every": Every,
    "order": Order,
    "above-all": AboveAll,
    "near": Near,
}
"""The kinds of rules that a claim's `test` may name."""
