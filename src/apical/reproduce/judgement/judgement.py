"""What it means to judge a claim; the rules themselves are a file each beside this one."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

from apical.reproduce.evidence import Evidence
from apical.runs.statistics import FEWEST


class Verdict(Enum):
    """What came out; the words of claims.json."""

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
    """Our side of a claim."""

    verdict: Verdict
    ours: str | float | None = None
    ci95: float | None = None
    n: int = 0
    note: str = ""


def too_few(n: int, ours: float | None = None) -> Finding:
    """The finding where runs are missing; what few runs gave may be shown."""
    verdict = Verdict.UNDECIDED if n else Verdict.NOT_RUN
    return Finding(verdict, ours, n=n, note=f"{n} seeds, at least {FEWEST} are needed")


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
