"""The generated parts of a paper's README: `python -m apical.reproduce.readme PAPER`.

Between markers lie the claims and tables below `results/` (those of a protocol's folder, where
there are none of the paper's own) and what of the paper they cover; numbers in the prose may be
tied to runs (`numbers.py`). So the README cannot be older than the results that are committed
beside it.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from apical.errors import ApicalError, UsageError
from apical.reproduce import coverage, numbers, paper
from apical.reproduce.evidence import Evidence
from apical.reproduce.tables import markdown
from apical.runs.writing import write_whole


def generated(text: str, chosen: paper.Paper, recorded: Mapping[str, Evidence]) -> str:
    """The text of a paper's README as its results have it, and its records by protocol.

    Raises `UsageError` for markers that are missing, and for numbers tied to no run.
    """
    protocol, table = _claims(chosen.results)
    text = _between("results", text, _results(chosen, table))
    if chosen.coverage:
        text = _between("coverage", text, coverage.markdown(chosen.coverage, table))
    return numbers.filled(text, recorded, protocol)


def _between(name: str, text: str, shown: str) -> str:
    """The text with `shown` between the markers of that name."""
    marked = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    if not re.search(marked, text, flags=re.DOTALL):
        raise UsageError(f"README.md: the markers <!-- {name} --> and its end are missing")
    return re.sub(marked, lambda match: f"{match[1]}\n{shown}\n{match[2]}", text, flags=re.DOTALL)


def _results(chosen: paper.Paper, table: list[dict[str, Any]]) -> str:
    results, shown = chosen.results, markdown(chosen, table)
    for further in (*sorted(results.glob("*.md")), *sorted(results.glob("*/*.md"))):
        if further.parent != results:
            shown += f"\nUnder the protocol `{further.parent.name}`:\n"
        shown += "\n" + further.read_text()
    return shown


def _claims(results: Path) -> tuple[str, list[dict[str, Any]]]:
    """The first protocol with committed claims, the paper's own before others, and the claims."""
    others = sorted(path for path in results.iterdir() if path.is_dir())
    for protocol, folder in (("paper", results), *((path.name, path) for path in others)):
        if (file := folder / "claims.json").exists():
            return protocol, json.loads(file.read_text())
    return "paper", []


def rewrite(chosen: paper.Paper) -> None:
    """Bring a paper's README up to its results and records."""
    with TemporaryDirectory() as place:
        runs = {name.protocol: Path(place) / name.protocol for name in chosen.records.names()}
        for protocol, folder in runs.items():
            chosen.records.bring(protocol, folder)
        recorded = {protocol: Evidence(folder) for protocol, folder in runs.items()}
        text = generated(text_of(chosen), chosen, recorded)
    write_whole(chosen.folder / "README.md", text)


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
