"""Papers: the folders in `apical.papers`, and what their `claims.toml` say."""

import tomllib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args

from apical.errors import UsageError, unknown
from apical.reproduce import coverage
from apical.reproduce.claims import Aim, Claim, Statement, read_aim, read_claim
from apical.reproduce.coverage import Item
from apical.reproduce.records import Records

FOLDER = Path(__file__).parents[1] / "papers"
Protocol = Literal["smoke", "quick", "paper"]
"""The paper's own budget, a stated part of it, or a few steps that prove the machinery alone."""
PROTOCOLS: tuple[str, ...] = get_args(Protocol)


@dataclass(frozen=True)
class Paper:
    """What a paper's `claims.toml` says, and where its modules, records and results are."""

    name: str
    title: str
    reference: str
    claims: tuple[Claim, ...]
    """The paper's."""
    aims: tuple[Aim, ...]
    """Ours."""
    coverage: tuple[Item, ...]
    """What of the paper the claims and figures look into, and what not."""
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

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All that is judged: the paper's claims, then our aims."""
        return (*self.claims, *self.aims)

    def choose(self, ids: tuple[str, ...]) -> tuple[Statement, ...]:
        """Claims and aims of these ids, all if none is named; `UsageError` for an unknown one."""
        known = {statement.id: statement for statement in self.statements}
        for name in ids:
            if name not in known:
                raise UsageError(unknown("claim", name, known))
        return tuple(known[name] for name in ids) if ids else self.statements


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
        tuple(read_claim(entry, content.get("epochs")) for entry in content["claims"]),
        tuple(map(read_aim, content.get("aims", []))),
        coverage.read(_folder(name)),
        {entry["id"]: entry["text"] for entry in content.get("deviations", [])},
        content["seeds"],
    )


def _folder(name: str) -> Path:
    return FOLDER / name.replace("-", "_")
