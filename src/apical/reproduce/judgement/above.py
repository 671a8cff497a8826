"""A result above a stated number."""

import statistics
from dataclasses import dataclass

from apical.report.statistics import half_width
from apical.reproduce.judgement.judgement import (
    FEWEST,
    Finding,
    Judgement,
    Verdict,
    experiment_of,
    too_few,
)


@dataclass(frozen=True)
class Above(Judgement):
    """Our metric lies above a stated number."""

    term: str
    metric: str
    value: float

    @property
    def experiments(self):
        return {experiment_of(self.term)}

    @property
    def paper(self):
        return f"> {self.value:g}"

    @property
    def rule(self):
        return "reproduced: our whole 95 % interval lies above; partial: our mean does"

    def judge(self, evidence):
        values = evidence.values(self.term, self.metric)
        if len(values) < FEWEST:
            return too_few(len(values))
        mean, half = statistics.fmean(values), half_width(values)
        if mean - half > self.value:
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.PARTIAL if mean > self.value else Verdict.NOT_REPRODUCED
        return Finding(verdict, mean, half, len(values))
