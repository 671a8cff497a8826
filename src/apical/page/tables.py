"""The tables of a page: comparisons, judged claims, audits, accuracy under attack."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from apical.adversarial.survey import CLEAN
from apical.audit.findings import Findings
from apical.audit.table import COLUMNS, row
from apical.comparison.tables import NOTE, percent
from apical.errors import UsageError
from apical.page.groups import Group
from apical.reproduce import paper
from apical.reproduce.tables import number, ours
from apical.runs.statistics import half_width

T = TypeVar("T")


@dataclass(frozen=True)
class Table:
    """Texts under a heading. The first cell of a row names it."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """What `apical compare` left."""

    title: str
    terms: str
    tables: list[Table]


@dataclass(frozen=True)
class Claims:
    """The judged claims of a paper, or our aims beside it."""

    title: str
    rows: list[dict[str, Any]]
    deviations: dict[int, str]

    @property
    def verdicts(self) -> dict[str, int]:
        """How many claims came out in each way."""
        found: dict[str, int] = {}
        for each in self.rows:
            found[each["verdict"]] = found.get(each["verdict"], 0) + 1
        return dict(sorted(found.items(), key=lambda item: -item[1]))


@dataclass
class Attacked:
    """Accuracy of the networks of a run under each attack, by eps."""

    label: str
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """One of each seed, by attack and the text of eps."""

    def add(self, attack: str, eps: str, accuracy: float) -> None:
        self.values.setdefault(attack, {}).setdefault(eps, []).append(accuracy)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """A line for each attack, from the clean inputs at eps 0 on, in per cent."""
        clean = self.values.get(CLEAN, {})
        return [
            _line(attack, {**clean, **by_eps})
            for attack, by_eps in self.values.items()
            if attack != CLEAN
        ]

    @property
    def table(self) -> Table:
        texts = dict.fromkeys(eps for by in self.values.values() for eps in by)
        epsilons = sorted(texts, key=Fraction)
        rows = [
            [attack, *(_accuracy(by_eps.get(eps)) for eps in epsilons)]
            for attack, by_eps in self.values.items()
        ]
        n = max((len(v) for by in self.values.values() for v in by.values()), default=0)
        note = f"Accuracy in per cent over {n} seed{'s' * (n != 1)}; ±: 95 % t interval."
        return Table(self.label, ["attack", *(f"eps {eps}" for eps in epsilons)], rows, note)


def _line(attack: str, by_eps: dict[str, list[float]]) -> dict[str, Any]:
    points = sorted((float(Fraction(eps)), values) for eps, values in by_eps.items())
    half = [100 * half_width(values) for _, values in points]
    banded = any(map(math.isfinite, half))
    return {
        "name": attack,
        "x": [round(x, 6) for x, _ in points],
        "mean": [round(100 * fmean(values), 4) for _, values in points],
        "half": [round(h, 4) if math.isfinite(h) else None for h in half] if banded else None,
    }


def _accuracy(values: list[float] | None) -> str:
    return "" if not values else percent(fmean(values), half_width(values))


def reading(path: Path, read: Callable[[str], T]) -> T:
    """What `read` makes of a file's text. Raises `UsageError` if it is not what it should be."""
    try:
        return read(path.read_text())
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{path}: expected what apical writes there, found something else "
            f"({type(error).__name__}: {error}); write it again, or leave it out"
        ) from None


def comparison(path: Path) -> Comparison:
    """The comparison of a comparison.json. Raises `UsageError` if it is damaged."""
    return reading(path, lambda text: _comparison(json.loads(text), path.parent))


def _comparison(told: dict[str, Any], folder: Path) -> Comparison:
    rules, pairs = told["rules"], told["pairs"]
    beside = {(d["one"], d["other"]): d for d in pairs}
    score = told["metric"].replace("_", " ")
    scores = [
        [
            r["label"] + " *" * bool(r["terms"]),
            percent(r["score"]["mean"], _nan(r["score"]["half_width"])),
            *_beside(beside.get((r["label"], r["reference"]))),
        ]
        for r in rules
    ]
    lost = told.get("diverged", [])  # older files have no such list
    scores += [[d["label"], f"diverged ({d['where']})", "", "", "", ""] for d in lost]
    apart = " * refuses the settings of the others; set against bp at its own."
    tables = [
        Table("Scores", ["rule", f"{score} (%)", "difference", "to", "p (Holm)", "seeds needed"],
              scores, apart if any(r["terms"] for r in rules) else ""),
        Table("All pairs", ["pair", "difference", "p (Holm)", "permutation p", "effect",
                            "seeds needed", "in words"], [_pair(d) for d in pairs]),
        Table("Costs", ["rule", "epochs", "updates", "examples", "seconds", "time × bp",
                        "FLOPs × bp", "memory × bp"], [_cost(r) for r in rules]),
    ]  # fmt: skip
    if tuned := [_tuned(r["label"], r["tuned"]) for r in rules if r["tuned"]]:
        heading = ["rule", "trials", "diverged", "seconds", "validation (%)", "values"]
        tables.append(Table("Tuning", heading, tuned))
    n = len(told["seeds"])
    terms = f"Terms: {told['terms']}; {n} seed{'s' * (n != 1)} each, the same for all. {NOTE}"
    return Comparison(f"{told['data']} ({folder})", terms, tables)


def _beside(d: dict[str, Any] | None) -> list[str]:
    if d is None:
        return ["", "", "", ""]
    difference = percent(d["mean"], _nan(d["half_width"]), "+")
    return [difference, d["other"], _p(d["p_holm"]), _text(d["seeds_needed"])]


def _pair(d: dict[str, Any]) -> list[str]:
    return [
        f"{d['one']} - {d['other']}",
        percent(d["mean"], _nan(d["half_width"]), "+"),
        _p(d["p_holm"]),
        _p(d["p_permutation"]),
        "" if d["effect"] is None else f"{d['effect']:+.2f}",
        _text(d["seeds_needed"]),
        d["words"],
    ]


def _cost(r: dict[str, Any]) -> list[str]:
    spent, times = r["spent"], r["step"]["times_bp"]
    return [
        r["label"],
        f"{spent['epochs']:g}",
        f"{spent['updates']:.0f}",
        f"{spent['examples']:.0f}",
        f"{spent['seconds']:.3g}",
        *("" if times[k] is None else f"{times[k]:.2f}" for k in ("seconds", "flops", "bytes")),
    ]


def _tuned(label: str, told: dict[str, Any]) -> list[str]:
    return [
        label,
        str(told["trials"]),
        str(told["diverged"]),
        f"{told['seconds']:.0f}",
        f"{100 * told['validation']:.2f}",
        ", ".join(f"{name} {value}" for name, value in told["values"].items()),
    ]


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def claims(path: Path, name: str | None, title: str) -> Claims:
    """The judged claims of a claims.json. Raises `UsageError` if it is damaged.

    `name`: the paper's, whose deviations are told in full; None: by their numbers alone.
    """
    deviations = paper.read(name).deviations if name in paper.names() and name else {}
    rows = reading(path, lambda text: [_claim(each, deviations) for each in json.loads(text)])
    return Claims(title, rows, deviations)


def _claim(told: dict[str, Any], deviations: dict[int, str]) -> dict[str, Any]:
    return {
        "id": told["id"],
        "claim": told["claim"],
        "source": told.get("source", "aim of ours"),
        "demand": number(told["demand"]),
        "ours": ours(told),
        "n": str(told["n"]),
        "verdict": told["verdict"],
        "budget": told.get("budget", ""),
        "note": told.get("note", ""),
        "rule": told["rule"],
        "ruled": told.get("ruled", ""),
        "after_runs": told.get("after_runs", ""),
        "deviations": [(n, deviations.get(n, "")) for n in told.get("deviations", [])],
    }


def audit(paths: Iterable[Path]) -> Table | None:
    """What audits found, a row a rule; None without any. Raises `UsageError` for a damaged file."""
    found = {
        each.rule: each
        for path in paths
        for each in reading(path, lambda text: list(map(Findings.from_json, json.loads(text))))
    }
    if not found:
        return None
    rows = [list(row(each).values()) for each in found.values()]
    note = " ".join(line for each in found.values() for line in each.contradictions)
    return Table("What each rule reads, needs and stores, measured", COLUMNS, rows, note)


def attacked(groups: Iterable[Group], paths: Iterable[Path]) -> list[Attacked]:
    """What attacks left of the accuracy of runs. Raises `UsageError` for a damaged file."""
    found = []
    for group in groups:
        own = Attacked(f"{group.label} ({group.source})")
        for run in group.runs:
            for attack, by_eps in run.attacks.get("accuracy", {}).items():
                for eps, accuracy in by_eps.items():
                    own.add(attack, eps, accuracy)
        if own.values:
            found.append(own)
    for path in paths:
        own = Attacked(str(path.parent))
        for each in reading(path, lambda text: list(csv.DictReader(text.splitlines()))):
            try:
                own.add(each["attack"], each["eps"], float(each["accuracy"]))
            except (KeyError, ValueError, TypeError):
                raise UsageError(
                    f"{path}: expected attack, eps and accuracy in each line; attack the run again "
                    "with --overwrite"
                ) from None
        if not own.values:
            raise UsageError(
                f"{path}: expected attack, eps and accuracy in each line, found no line; attack "
                "the run again with --overwrite"
            )
        found.append(own)
    return found
