"""Which defects to plant: all, those whose names hold a word, those that a change concerns."""

import ast
import subprocess
from functools import cache
from itertools import groupby
from pathlib import Path

from tests.mutants import FILES, MUTANTS
from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]


def choose(words: list[str], changed: set[str] | None = None) -> list[Mutant]:
    """The defects whose names hold one of the words (any, if there is none) and, if the paths
    that changed are given, that stand in one of them or are caught by one of them."""
    return [
        mutant
        for mutant in MUTANTS
        if (not words or any(word in mutant.name for word in words))
        and (changed is None or concerns(mutant, changed))
    ]


def changed_since(revision: str) -> set[str]:
    """Paths that differ from the revision, committed or not; raises `ValueError` if git knows
    no such revision."""
    found: set[str] = set()
    for asked in (
        ("diff", "--name-only", revision, "--"),
        ("ls-files", "-o", "--exclude-standard"),
    ):
        done = subprocess.run(
            ["git", *asked], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ValueError(f"since {revision}: {done.stderr.strip()}")
        found |= set(done.stdout.splitlines())
    return found


def concerns(mutant: Mutant, changed: set[str]) -> bool:
    """Whether one of the changed paths is the defect's file, the one that lists it, or one that
    its tests are made of: test files, what they import from tests/, fixtures."""
    listed = next(file for file in FILES if mutant in file.MUTANTS)
    paths = {f"src/apical/{mutant.file}", _relative(listed.__file__)}
    for test in {test.partition("::")[0] for test in mutant.tests}:
        paths |= {test, *_imported(ROOT / test)}
        paths |= {_relative(folder / "conftest.py") for folder in (ROOT / test).parents}
    return not paths.isdisjoint(changed)


def by_file(mutants: list[Mutant]) -> list[tuple[str, ...]]:
    """The tests that are to catch them, those of a file together."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    return [tuple(same) for _, same in groupby(tests, lambda test: test.partition("::")[0])]


@cache
def _imported(test: Path) -> set[str]:
    """Paths of what a test file imports from tests/, and of the laws."""
    found = set()
    for node in ast.walk(ast.parse(test.read_text())):
        if isinstance(node, ast.ImportFrom):
            here = test.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = "/".join((*here, *(node.module or "").split("."))).rstrip("/")
            module = module.replace("apical/testing", "src/apical/testing")
            found |= {f"{module}.py", *(f"{module}/{alias.name}.py" for alias in node.names)}
    return found


def _relative(path: str | Path | None) -> str:
    assert path is not None
    return str(path).removeprefix(f"{ROOT}/")
