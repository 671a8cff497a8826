"""Pieces of Markdown that generated pages are made of."""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells.

    >>> print(table(("a", "b"), [("1", "x|y")]), end="")
    | a | b |
    | --- | --- |
    | 1 | x\\|y |
    """
    cells = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    lines = [columns, ["---"] * len(columns), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def entry(home: str, level: int, heading: str, **options: str) -> str:
    """A block that mkdocstrings fills in, of what is defined at `home`."""
    told = {"heading": heading, "heading_level": str(level), **options}
    return "\n".join([f"::: {home}", "    options:", *(f"      {n}: {v}" for n, v in told.items())])
