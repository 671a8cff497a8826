"""The list of papers with their verdicts, and the gallery of figures."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from docs.site.markdown import table

from apical.reproduce import paper
from apical.reproduce.experiment import Experiment
from apical.rules import Rule

ROOT = Path(__file__).parents[2]
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+\.png)\)", re.DOTALL)
FIRST = {
    "docs/report-runs.png": "The page of `apical report`: a table of runs and their curves",
    "docs/report-claims.png": "The same page, in the dark: claims of a paper with their verdicts",
    "docs/results/mnist/comparison.png": "Rules on MNIST: error, loss, alignment, feedback angle",
    "docs/results/mnist-tuned/comparison.png": "The same of rules that were each tuned as much",
}
"""Figures that no paper's text shows."""


def pages() -> dict[str, str]:
    """Both pages, by their paths."""
    return {"papers/index.md": overview(), "gallery.md": gallery()}


def overview() -> str:
    """Every paper, and how many of its claims have which verdict."""
    rows = []
    for name in paper.names():
        verdicts = [row["verdict"] for row in judged(name)]
        counts = ", ".join(f"{verdicts.count(v)} {v}" for v in sorted({*verdicts}))
        title = f"[{paper.read(name).title}](../{readme(name)})"
        rows.append((title, f"`apical reproduce {name}`", counts))
    return (
        "# Papers\n\nEach claim of a paper is judged by a rule in its `claims.toml`. The table of "
        "claims gives the day on which the rule was written, and says where runs were known by "
        "then. *In line* and *not in line* are verdicts of runs that are shorter than the paper's. "
        "[How to reproduce a paper](../tutorials/reproduce.md).\n\n"
        + table(("paper", "command", "claims and aims"), rows)
    )


def gallery() -> str:
    """The figures that papers' texts show, with the captions they have there."""
    parts = ["# Gallery", "Figures that are committed, each drawn from recorded runs."]
    parts += [_shown(*figure) for figure in FIRST.items()]
    for name in paper.names():
        text = readme(name)
        parts.append(f"## [{paper.read(name).title}]({text})")
        found = IMAGE.findall((ROOT / text).read_text())
        parts += [_shown(str(Path(text).parent / figure), caption) for caption, figure in found]
    return "\n\n".join(parts) + "\n"


def readme(name: str) -> str:
    """Where the text of a paper is."""
    return f"src/apical/papers/{name.replace('-', '_')}/README.md"


def rules_of(name: str) -> dict[str, type[Rule]]:
    """The rule of each of a paper's experiments that has one."""
    experiments = import_module(f"apical.papers.{name.replace('-', '_')}.experiments").experiments
    planned = (*experiments("paper"), *experiments("quick"))
    return {each.name: type(each.rule) for each in planned if isinstance(each, Experiment)}


def judged(name: str) -> list[dict[str, Any]]:
    """A paper's claims as they are committed: by its own protocol, or else by shorter runs."""
    results, rows = paper.read(name).results, {}
    for place in (results / "claims.json", results / "quick" / "claims.json"):
        for row in json.loads(place.read_text()) if place.exists() else ():
            if row["id"] not in rows or not rows[row["id"]]["n"]:
                rows[row["id"]] = row
    return [*rows.values()]


def _shown(figure: str, caption: str) -> str:
    told = " ".join(caption.split())
    return f"![{told}]({figure})\n*{told}*"
