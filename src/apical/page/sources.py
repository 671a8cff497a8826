"""What lies in the folders and files that a page is asked for."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apical.generative  # noqa: F401  so that configurations of its models can be read
from apical.errors import ApicalError, UsageError
from apical.runs.folder import RunFolder
from apical.runs.reading import RunData

PICTURES = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}
"""Endings of images, and the bytes that such a file begins with."""
PASSED_OVER = ("checkpoints", "tensorboard", "trials")
"""Folders within runs and searches that hold no results."""


@dataclass(frozen=True)
class Run:
    """A run as the page shows it, wherever it was read from."""

    data: RunData
    summary: dict[str, Any]
    """summary.json; empty for a run that has not ended."""
    environment: dict[str, Any]
    attacks: dict[str, Any] = field(default_factory=dict)
    """attacks.json of a recorded run; empty without."""

    @property
    def status(self) -> str:
        """How it ended."""
        return str(self.summary.get("status", "not finished"))


@dataclass
class Source:
    """What one argument led to, or one committed paper."""

    title: str
    runs: list[Run] = field(default_factory=list)
    comparisons: list[Path] = field(default_factory=list)
    claims: list[tuple[Path, str | None]] = field(default_factory=list)
    """Files of judged claims, each with its paper's name if that is known."""
    attacks: list[Path] = field(default_factory=list)
    audits: list[Path] = field(default_factory=list)
    images: list[tuple[str, Path]] = field(default_factory=list)
    """By name."""
    command: str | None = None
    """The command that makes the runs; None: each run has one of its own."""
    experiments: bool = False
    """Whether the runs of a folder are seeds of one experiment, which its name tells."""
    unread: list[str] = field(default_factory=list)
    """What could not be read, a line each."""

    @property
    def empty(self) -> bool:
        found = (self.runs, self.comparisons, self.claims, self.attacks, self.audits, self.images)
        return not any(found)

    @property
    def told(self) -> str:
        """What there is, in words."""
        counted = (
            (len(self.runs), "run"),
            (len(self.comparisons), "comparison"),
            (len(self.claims), "table of claims"),
            (len(self.attacks), "attack"),
            (len(self.audits), "audit"),
            (len(self.images), "image"),
        )
        return ", ".join(_many(n, what) for n, what in counted if n)


def _many(n: int, what: str) -> str:
    first, space, rest = what.partition(" ")
    return f"{n} {first}{'s' * (n != 1)}{space}{rest}"


def find(path: Path) -> Source:
    """What a file or a folder holds, searched to its bottom.

    A damaged run among others is left out and told in `unread`.

    Raises `UsageError` if there is nothing that a page could show.
    """
    source = Source(str(path))
    if path.is_file():
        _take(source, path)
    elif path.is_dir():
        for file in _files(path):
            _take(source, file)
    else:
        raise UsageError(f"{path}: not found; name the folder of a run, or one that has some in it")
    if source.empty:
        if source.unread:
            raise UsageError(source.unread[0])
        raise UsageError(
            f"{path}: expected runs, a comparison, a reproduction, an attack, the JSON of `apical "
            "audit --json` or images, found none of them; name another folder"
        )
    source.experiments = bool(source.claims)
    return source


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in PASSED_OVER and not f.startswith("."))
        yield from (Path(here) / name for name in sorted(files))


def _take(source: Source, file: Path) -> None:
    if file.name == "config.json":
        try:
            source.runs.append(run_in(file.parent))
        except ApicalError as error:
            source.unread.append(str(error))
    elif file.name == "comparison.json":
        source.comparisons.append(file)
    elif file.name == "claims.json":
        source.claims.append((file, _paper(file.parent)))
    elif file.name == "attack.csv":
        source.attacks.append(file)
    elif file.name == "audit.json":
        source.audits.append(file)
    elif file.suffix.lower() in PICTURES:
        source.images.append((str(file), file))


def run_in(folder: Path) -> Run:
    """The run in a folder. Raises `UsageError` if there is none, or a file of it is damaged."""
    files = RunFolder(folder)
    optional = {
        name: files.read(name) if (folder / name).exists() else {}
        for name in ("summary.json", "env.json", "attacks.json")
    }
    return Run(RunData.read(folder), *optional.values())


def _paper(folder: Path) -> str | None:
    note = folder / ".paper"
    return note.read_text().strip() if note.is_file() else None
