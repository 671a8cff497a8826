"""What was tried and what was found, kept over sessions."""

import dataclasses
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.torture.sandbox import Ended

ENOUGH = 3
"""Findings that are kept of those which look the same; the others are counted."""


@dataclass(frozen=True)
class Tried:
    """One try of a machine."""

    kind: str
    """What it is counted under."""
    argv: list[str]
    """The command line."""
    ended: Ended
    broken: list[str]
    """The promises that did not hold."""
    note: str = ""
    """What was done to it: a mutation, the damage, the moments of its kills."""

    @property
    def outcome(self) -> str:
        """How it ended, in a word."""
        if self.ended.sent:
            return "stopped"
        return "accepted" if self.ended.code == 0 else "refused"


class Ledger:
    """Counts and findings in a folder."""

    def __init__(self, folder: Path):
        self._path, self._findings = folder / "counts.json", folder / "findings"
        self._findings.mkdir(parents=True, exist_ok=True)
        kept = json.loads(self._path.read_text()) if self._path.exists() else {}
        self.cases: Counter[str] = Counter(kept.get("cases"))
        """How many cases of each machine were tried: the next one's number."""
        self.seconds: dict[str, float] = kept.get("seconds", {})
        """What each machine took."""
        self.kinds: dict[str, Counter[str]] = {
            k: Counter(v) for k, v in kept.get("kinds", {}).items()
        }
        """Outcomes of each kind of try."""
        self.signatures: Counter[str] = Counter(kept.get("signatures"))
        """How often each finding was met."""

    def add(self, tried: Tried, machine: str, seed: int, case: int) -> None:
        """Count a try, and keep it if it broke a promise."""
        kind = self.kinds.setdefault(f"{machine}: {tried.kind}", Counter())
        kind["tried"] += 1
        kind[tried.outcome] += 1
        if tried.broken:
            kind["findings"] += 1
            self._keep(tried, {"machine": machine, "seed": seed, "case": case})

    def write(self) -> None:
        """Write the counts, whole."""
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._counts(), indent=2, sort_keys=True) + "\n")
        part.replace(self._path)

    def table(self) -> str:
        """All counts, a line a kind, and the findings."""
        columns = ("tried", "accepted", "refused", "stopped", "findings")
        total: Counter[str] = Counter()
        lines = [f"{'':32}" + "".join(f"{name:>10}" for name in columns)]
        for kind, counts in sorted(self.kinds.items()):
            total.update(counts)
            lines.append(f"{kind:32}" + "".join(f"{counts[name]:10}" for name in columns))
        lines.append(f"{'all':32}" + "".join(f"{total[name]:10}" for name in columns))
        lines += [f"{times:6} x {what}" for what, times in self.signatures.most_common()]
        return "\n".join(lines)

    def _counts(self) -> dict[str, Any]:
        return {
            "cases": self.cases, "seconds": self.seconds, "kinds": self.kinds,
            "signatures": self.signatures,
        }  # fmt: skip

    def _keep(self, tried: Tried, origin: dict[str, Any]) -> None:
        what = signature(tried)
        self.signatures[what] += 1
        if self.signatures[what] <= ENOUGH:
            name = hashlib.sha256(what.encode()).hexdigest()[:8]
            path = self._findings / f"{name}-{origin['machine']}-{origin['case']}.json"
            found = {**origin, "signature": what, **dataclasses.asdict(tried)}
            path.write_text(json.dumps(found, indent=2) + "\n")


def signature(tried: Tried) -> str:
    """What findings of one cause have in common: the last place and the kind of a traceback, or
    the command, what was broken and the message without its numbers."""
    lines = [line.strip() for line in tried.ended.err.splitlines() if line.strip()]
    if places := [line for line in lines if line.startswith('File "') and "torture" not in line]:
        ours = [place for place in places if "apical" in place] or places
        where = re.sub(r'File ".*/(?=\w+/[\w.]+")|"', "", ours[-1])
        error = next(
            (
                line
                for line in reversed(lines)
                if re.match(r"[\w.]+(Error|Exception|Interrupt|Warning)", line)
            ),
            lines[-1],
        )
        return f"{tried.broken[0]}: {error.split(':')[0]} at {where}"
    said = re.sub(r"\d+|'[^']*'|\"[^\"]*\"|/\S+", "_", " ".join(lines[-3:]))[:100]
    what = re.sub(r"\d+", "_", ", ".join(tried.broken))[:120]
    return f"{tried.argv[0] if tried.argv else ''}: {what}: {said}"
