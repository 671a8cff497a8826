"""What is judged: claims of a paper and aims of ours, and when their rules were written."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from apical.reproduce.evidence import Evidence
from apical.reproduce.judgement import KINDS, Finding, Judgement, Verdict

SHORTER = {
    Verdict.REPRODUCED: Verdict.IN_LINE,
    Verdict.PARTIAL: Verdict.UNDECIDED,
    Verdict.NOT_REPRODUCED: Verdict.NOT_IN_LINE,
}
"""What a verdict becomes where our runs have fewer epochs than the paper's."""
OF_AIMS = {
    Verdict.REPRODUCED: Verdict.MET,
    Verdict.PARTIAL: Verdict.UNDECIDED,
    Verdict.NOT_REPRODUCED: Verdict.NOT_MET,
}


@dataclass(frozen=True)
class Statement(ABC):
    """Something that the runs decide, by a rule that has a date."""

    id: str
    claim: str
    judgement: Judgement
    ruled: date
    """When the rule, or its tolerance, was written."""
    after_runs: str = field(default="", kw_only=True)
    """Why its runs were known by then, if they were."""
    deviations: tuple[int, ...] = field(default=(), kw_only=True)

    @abstractmethod
    def judge(self, evidence: Evidence) -> Finding:
        """Decide by the finished runs."""

    def _found(self, evidence: Evidence) -> Finding:
        """What the rule finds; where seeds diverged, those that did not decide nothing."""
        found = self.judgement.judge(evidence)
        lost = {e: len(evidence.diverged(e)) for e in sorted(self.judgement.experiments)}
        told = [
            f"{count} of {count + len(evidence.runs(e))} seeds of {e} diverged"
            for e, count in lost.items()
            if count
        ]
        if not told:
            return found
        return replace(
            found,
            verdict=Verdict.UNDECIDED,
            note="; ".join([*([found.note] if found.note else []), *told]),
        )


@dataclass(frozen=True)
class Claim(Statement):
    """A statement of a paper.

    **Arguments:**

    - `source`: where the paper makes it.
    - `sure`: how surely we know what it says.
    - `epochs`: of the paper's own runs, where the claim depends on them. Shorter runs of ours do
      not decide it, and neither does an earlier epoch of long ones.
    """

    source: str
    sure: str
    epochs: int | None = None

    def judge(self, evidence):
        found = self._found(evidence)
        ran = evidence.fewest_epochs(self.judgement.compared)
        if None in (self.epochs, ran) or ran >= self.epochs or found.verdict is Verdict.NOT_RUN:
            return found
        verdict = SHORTER.get(found.verdict, found.verdict)
        return replace(found, verdict=verdict, budget=f"at {ran} of {self.epochs} epochs")


@dataclass(frozen=True)
class Aim(Statement):
    """A statement of ours. It is met or not met, whatever a paper says."""

    def judge(self, evidence):
        found = self._found(evidence)
        return replace(found, verdict=OF_AIMS.get(found.verdict, found.verdict))


def read_claim(entry: dict[str, Any], epochs: int | None) -> Claim:
    """A claim from its entry in claims.toml; `epochs` are the paper's, where it says no others."""
    return Claim(
        entry["id"],
        entry["claim"],
        *_ruled(entry),
        source=entry["source"],
        sure=entry["sure"],
        epochs=entry.get("epochs", epochs),
        **_footnotes(entry),
    )


def read_aim(entry: dict[str, Any]) -> Aim:
    """An aim from its entry in claims.toml."""
    return Aim(entry["id"], entry["aim"], *_ruled(entry), **_footnotes(entry))


def _ruled(entry: dict[str, Any]) -> tuple[Judgement, date]:
    test = dict(entry["test"])
    return KINDS[test.pop("kind")](**test), date.fromisoformat(entry["ruled"])


def _footnotes(entry: dict[str, Any]) -> dict[str, Any]:
    deviations = tuple(entry.get("deviations", ()))
    return {"after_runs": entry.get("after_runs", ""), "deviations": deviations}
