"""The rules by which claims are judged; a claim in `claims.toml` names one and its terms.

A term is `experiment@epoch`, or `experiment` for its last epoch.
"""

import itertools
import math
import statistics
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

from apical.report.statistics import half_width, paired_difference
from apical.reproduce.evidence import Evidence


class Verdict(Enum):
    """What came out; the words of claims.json."""

    REPRODUCED = "reproduced"
    PARTIAL = "partial"
    NOT_REPRODUCED = "not reproduced"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Finding:
    """Our side of a claim."""

    verdict: Verdict
    ours: str | float | None = None
    ci95: float | None = None
    n: int = 0
    note: str = ""


NOTHING = Finding(Verdict.NOT_RUN)


class Judgement(ABC):
    """How a claim is decided from the runs."""

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
        """Decide; `not run` where runs are missing."""


@dataclass(frozen=True)
class Value(Judgement):
    """Our mean lies within so many half-widths of its 95 % interval from the paper's number."""

    term: str
    metric: str
    value: float
    intervals: float = 3.0
    tolerance: float = 0.0
    """Closer than this counts as reproduced however narrow our interval is."""

    @property
    def experiments(self):
        return {_experiment(self.term)}

    @property
    def paper(self):
        return self.value

    @property
    def rule(self):
        within = f"our mean within {self.intervals:g} half-widths of its 95 % interval"
        if self.tolerance:
            within += f" or {self.tolerance:g}"
        return f"reproduced: {within} of the paper's; partial: within twice that"

    def judge(self, evidence):
        values = evidence.at(self.term, self.metric)
        if not values:
            return NOTHING
        mean, half = statistics.fmean(values), half_width(values)
        distance = abs(mean - self.value)
        allowed = max(0.0 if math.isnan(half) else self.intervals * half, self.tolerance)
        if math.isnan(half) and distance > self.tolerance:
            verdict, note = Verdict.NOT_RUN, "one seed gives no interval; run at least two"
        else:
            steps = (Verdict.REPRODUCED, Verdict.PARTIAL)
            verdict = next(
                (v for i, v in enumerate(steps, 1) if distance <= i * allowed),
                Verdict.NOT_REPRODUCED,
            )
            note = f"distance {distance:.4f}, allowed {allowed:.4f}"
        return Finding(verdict, mean, half, len(values), note)


@dataclass(frozen=True)
class Order(Judgement):
    """Each term's metric is above the next one's, seed by seed."""

    terms: list[str]
    metric: str

    @property
    def experiments(self):
        return {_experiment(term) for term in self.terms}

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
        found = [evidence.at(term, self.metric) for term in self.terms]
        n = min(map(len, found))
        if n < 2:
            return NOTHING
        found = [values[:n] for values in found]
        differences = [paired_difference(a, b) for a, b in itertools.pairwise(found)]
        if all(mean - half > 0 for mean, half in differences):
            verdict = Verdict.REPRODUCED
        elif all(mean > 0 for mean, _ in differences):
            verdict = Verdict.PARTIAL
        else:
            verdict = Verdict.NOT_REPRODUCED
        ours = ", ".join(f"{statistics.fmean(values):.4f}" for values in found)
        note = "; ".join(f"{mean:+.4f} ± {half:.4f}" for mean, half in differences)
        return Finding(verdict, ours, None, n, f"differences {note}")


@dataclass(frozen=True)
class Above(Judgement):
    """Our metric lies above a stated number."""

    term: str
    metric: str
    value: float

    @property
    def experiments(self):
        return {_experiment(self.term)}

    @property
    def paper(self):
        return f"> {self.value:g}"

    @property
    def rule(self):
        return "reproduced: our whole 95 % interval lies above; partial: our mean does"

    def judge(self, evidence):
        values = evidence.at(self.term, self.metric)
        if len(values) < 2:
            return NOTHING
        mean, half = statistics.fmean(values), half_width(values)
        if mean - half > self.value:
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.PARTIAL if mean > self.value else Verdict.NOT_REPRODUCED
        return Finding(verdict, mean, half, len(values))


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
        return {_experiment(term) for term in (self.term, *self.others)}

    @property
    def paper(self):
        return f"{self.term} > each of {', '.join(self.others)}"

    @property
    def rule(self):
        return "reproduced, partial: as for an order, and for every pair"

    def judge(self, evidence):
        found = [order.judge(evidence) for order in self._orders]
        worst = max(found, key=lambda f: list(Verdict).index(f.verdict))
        if worst.verdict is Verdict.NOT_RUN:
            return NOTHING
        ours = [statistics.fmean(evidence.at(t, self.metric)) for t in (self.term, *self.others)]
        note = "; ".join(finding.note for finding in found)
        n = min(finding.n for finding in found)
        return Finding(worst.verdict, ", ".join(f"{v:.4f}" for v in ours), None, n, note)


def _experiment(term: str) -> str:
    return term.partition("@")[0]


KINDS: dict[str, type[Value] | type[Order] | type[Above] | type[AboveAll]] = {
    "value": Value,
    "order": Order,
    "above": Above,
    "above-all": AboveAll,
}
