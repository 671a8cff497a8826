"""A result on one side of a stated number."""

import statistics
from abc import abstractmethod
from dataclasses import dataclass

from apical.reproduce.judgement.judgement import Finding, OfOneTerm, Verdict, too_few
from apical.runs.statistics import FEWEST, half_width


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
        if clear > half:
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.PARTIAL if clear > 0 else Verdict.NOT_REPRODUCED
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
