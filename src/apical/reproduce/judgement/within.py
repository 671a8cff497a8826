"""Our mean within a stated distance of the paper's number."""

import statistics
from dataclasses import dataclass

from apical.reproduce.judgement.judgement import Finding, OfOneTerm, Verdict, too_few
from apical.runs.statistics import FEWEST, half_width


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
        if off <= self.distance:
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.PARTIAL if off <= 2 * self.distance else Verdict.NOT_REPRODUCED
        return Finding(verdict, mean, half, len(values), note)
