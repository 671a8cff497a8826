"""Coverage: what of a paper our runs look into, and what it would take to look into the rest.

`coverage.toml` beside a paper's `claims.toml` has an item for every table, figure and quantitative
sentence of the paper.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "coverage.toml"
COLUMNS = ("where", "what the paper says", "what our runs say")


@dataclass(frozen=True)
class Item:
    """A table, a figure or a sentence of a paper.

    **Arguments:**

    - `source`: where it is: `Table 1`, `section 4.2`.
    - `says`: what it says, in a sentence.
    - `claims`: ids of the claims that judge it.
    - `figure`: the figure of ours that shows it, by its path in the paper's folder.
    - `not_run`: what it would take to run it, or the part of it that is missing.
    - `sure`: how surely we know that it says so, where its text is not at hand.
    """

    source: str
    says: str
    claims: tuple[str, ...] = ()
    figure: str = ""
    not_run: str = ""
    sure: str = ""


def read(folder: Path) -> tuple[Item, ...]:
    """The items of the paper in this folder; none if it has no coverage.toml."""
    file = folder / FILE
    if not file.exists():
        return ()
    entries = tomllib.loads(file.read_text()).get("items", [])
    return tuple(Item(**entry | {"claims": tuple(entry.get("claims", ()))}) for entry in entries)


def cells(
    items: Sequence[Item], table: Sequence[dict[str, Any]] | None = None
) -> Iterator[tuple[str, ...]]:
    """For each item the cells of `COLUMNS`.

    **Arguments:**

    - `table`: the judged claims; None: none is, and only their ids are told.
    """
    for item in items:
        told = list(_judged(item.claims, table))
        told += [f"figure {item.figure}"] if item.figure else []
        told += [f"not run: {item.not_run}"] if item.not_run else []
        where = f"{item.source} ({item.sure})" if item.sure else item.source
        yield where, item.says, "; ".join(told)


def _judged(claims: Sequence[str], table: Sequence[dict[str, Any]] | None) -> Iterator[str]:
    """The claims, those of one verdict together."""
    found = {row["id"]: f"{row['verdict']} {row['budget']}".strip() for row in table or ()}
    verdicts = {claim: found.get(claim, "not judged") for claim in claims}
    for verdict in dict.fromkeys(verdicts.values()):
        ids = ", ".join(f"`{claim}`" for claim in claims if verdicts[claim] == verdict)
        yield ids if table is None else f"{verdict}: {ids}"


def markdown(items: Sequence[Item], table: Sequence[dict[str, Any]]) -> str:
    """The table of coverage as Markdown."""
    lines = (COLUMNS, ["---"] * len(COLUMNS), *cells(items, table))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
