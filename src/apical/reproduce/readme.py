"""The generated part of a paper's README: `python -m apical.reproduce.readme PAPER`.

It lies between two markers and shows the claims and tables below `results/` (those of a
protocol's folder, where there are none of the paper's own), so that the README cannot be older
than the results that are committed beside it.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from apical.errors import ApicalError, UsageError
from apical.reproduce import paper
from apical.reproduce.tables import markdown
from apical.runs.writing import write_whole

MARKED = re.compile(r"(<!-- results -->\n).*?(<!-- end of results -->)", flags=re.DOTALL)


def with_results(text: str, results: Path) -> str:
    """The README's text with the tables of `results/` between its markers."""
    table = next(filter(None, map(_claims, _protocols(results))), [])
    if not MARKED.search(text):
        raise UsageError("README.md: the markers <!-- results --> and its end are missing")
    shown = markdown(paper.read(results.parent.name.replace("_", "-")), table)
    for further in (*sorted(results.glob("*.md")), *sorted(results.glob("*/*.md"))):
        if further.parent != results:
            shown += f"\nUnder the protocol `{further.parent.name}`:\n"
        shown += "\n" + further.read_text()
    return MARKED.sub(lambda match: f"{match[1]}\n{shown}\n{match[2]}", text)


def _protocols(results: Path) -> list[Path]:
    """The folders that a protocol's results may lie in, the paper's own first."""
    return [results, *sorted(path for path in results.iterdir() if path.is_dir())]


def _claims(folder: Path) -> list[dict[str, Any]]:
    file = folder / "claims.json"
    return json.loads(file.read_text()) if file.exists() else []


def rewrite(chosen: paper.Paper) -> None:
    """Bring a paper's README up to its results."""
    write_whole(chosen.folder / "README.md", with_results(text_of(chosen), chosen.results))


def text_of(chosen: paper.Paper) -> str:
    """A paper's README. Raises `UsageError` if there is none, as in an installed package."""
    readme = chosen.folder / "README.md"
    if not readme.exists():
        raise UsageError(
            f"{readme}: not found; results are published in a checkout of the repository, not in "
            "an installed package"
        )
    return readme.read_text()


if __name__ == "__main__":
    try:
        rewrite(paper.read(sys.argv[1]))
    except ApicalError as error:
        sys.exit(f"apical: {error}")
