"""Our mean against the paper's number."""

import math
import statistics
from dataclasses import dataclass

from apical.report.statistics import half_width
from apical.reproduce.judgement.judgement import (
    NOTHING,
    Finding,
    Judgement,
    Verdict,
    experiment_of,
)


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
        return {experiment_of(self.term)}

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
