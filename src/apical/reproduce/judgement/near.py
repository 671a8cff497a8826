"""A result that is not far below another."""

from dataclasses import dataclass

from apical.reproduce.judgement.judgement import (
    Finding,
    Judgement,
    Verdict,
    experiment_of,
    too_few,
)
from apical.runs.statistics import FEWEST, paired_difference


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
        if mean - half > -self.margin:
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.PARTIAL if mean > -self.margin else Verdict.NOT_REPRODUCED
        return Finding(verdict, f"{mean:+.4f}", half, len(shared), "paired difference")
