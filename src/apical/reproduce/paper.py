"""Papers: the folders in `apical.papers`, and what their `claims.toml` say."""

import tomllib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

from apical.errors import UsageError, unknown
from apical.reproduce.judgement import KINDS, Judgement
from apical.reproduce.records import Records

FOLDER = Path(__file__).parents[1] / "papers"
Protocol = Literal["smoke", "quick", "paper"]
"""The paper's own budget, a stated part of it, or a few steps that prove the machinery alone."""
PROTOCOLS: tuple[str, ...] = get_args(Protocol)


@dataclass(frozen=True)
class Claim:
    """One statement of a paper and the rule that decides it."""

    id: str
    claim: str
    source: str
    sure: str
    judgement: Judgement
    deviations: tuple[int, ...] = ()


@dataclass(frozen=True)
class Paper:
    """What a paper's `claims.toml` says, and where its modules, records and results are."""

    name: str
    title: str
    reference: str
    claims: tuple[Claim, ...]
    deviations: dict[int, str]
    seeds: dict[str, int]
    """Seeds of each experiment that a protocol asks for."""

    @property
    def folder(self) -> Path:
        return _folder(self.name)

    @property
    def results(self) -> Path:
        """The committed outcome, as the README shows it; an installed package lacks it."""
        return self.folder / "results"

    @property
    def records(self) -> Records:
        """The runs that are committed, if any are."""
        return Records(self.folder / "records.jsonl.xz")

    def module(self, name: str) -> ModuleType:
        """One of the paper's modules: `experiments` or `figures` (see CONTRIBUTING.md)."""
        return import_module(f"apical.papers.{self.folder.name}.{name}")

    def choose(self, ids: tuple[str, ...]) -> tuple[Claim, ...]:
        """The claims of these ids, all if none is named; `UsageError` for an unknown one."""
        known = {claim.id: claim for claim in self.claims}
        for name in ids:
            if name not in known:
                raise UsageError(unknown("claim", name, known))
        return tuple(known[name] for name in ids) if ids else self.claims


def names() -> list[str]:
    """The names of all papers, in order."""
    return sorted(p.parent.name.replace("_", "-") for p in FOLDER.glob("*/claims.toml"))


def read(name: str) -> Paper:
    """The paper of that name. Raises `UsageError` if there is none.

    !!! example

        >>> read("itd").title
        'Iterative temporal differencing with fixed random feedback alignment'
    """
    if name not in names():
        raise UsageError(unknown("paper", name, names()))
    content = tomllib.loads((_folder(name) / "claims.toml").read_text())
    return Paper(
        name,
        content["title"],
        content["reference"],
        tuple(_claim(entry) for entry in content["claims"]),
        {entry["id"]: entry["text"] for entry in content.get("deviations", [])},
        content["seeds"],
    )


def _folder(name: str) -> Path:
    return FOLDER / name.replace("-", "_")


def _claim(entry: dict[str, Any]) -> Claim:
    test = dict(entry["test"])
    return Claim(
        entry["id"],
        entry["claim"],
        entry["source"],
        entry["sure"],
        KINDS[test.pop("kind")](**test),
        tuple(entry.get("deviations", ())),
    )
