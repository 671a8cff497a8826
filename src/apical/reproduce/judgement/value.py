"""Our mean against the paper's number."""

import statistics
from dataclasses import dataclass

from apical.reproduce.judgement.judgement import Finding, OfOneTerm, Verdict, too_few
from apical.runs.statistics import FEWEST, half_width


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
        if distance <= allowed:
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.PARTIAL if distance <= 2 * allowed else Verdict.NOT_REPRODUCED
        note = f"distance {distance:.4f}, allowed {allowed:.4f}"
        return Finding(verdict, mean, half, len(values), note)
