"""A result that every seed reaches."""

from dataclasses import dataclass

from apical.reproduce.judgement.judgement import Finding, OfOneTerm, Verdict, too_few
from apical.runs.statistics import FEWEST, proportion_interval


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
        if reached == len(values):
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.PARTIAL if 2 * reached > len(values) else Verdict.NOT_REPRODUCED
        low, high = proportion_interval(reached, len(values))
        note = f"lowest {min(values):.4f}; 95 % interval of the rate {low:.2f} to {high:.2f}"
        return Finding(verdict, f"{reached} of {len(values)}", None, len(values), note)
