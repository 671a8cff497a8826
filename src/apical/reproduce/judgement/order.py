"""One result above another, seed by seed."""

import itertools
import statistics
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
        if all(mean - half > 0 for mean, half in differences):
            verdict = Verdict.REPRODUCED
        elif all(mean > 0 for mean, _ in differences):
            verdict = Verdict.PARTIAL
        else:
            verdict = Verdict.NOT_REPRODUCED
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
