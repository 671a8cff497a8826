"""`apical report RUNS... --out page.html`: everything on one page that needs no server."""

from pathlib import Path
from typing import Annotated

import tyro

from apical.cli.support.flags import cli


def main(args: list[str]) -> None:
    cli(report, args, "apical report")


def report(
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional],
    out: Path = Path("page.html"),
    all_papers: bool = False,
) -> None:
    """Write one HTML page of runs, comparisons, reproductions, attacks, audits and images.

    It is one file and needs neither server nor network: a table of the runs to sort and filter,
    curves, alignment by layer, tables, configurations, commands and environments.

    Args:
        paths: Folders of runs, comparisons, attacks and reproductions, or such that hold some;
            image files; a file audit.json, as `apical audit --json` prints it.
        out: The page.
        all_papers: Add all that is committed of every paper, and the audit of all rules.
    """
    from apical.page import write

    page = write(paths, out, all_papers=all_papers)
    print(f"page: {page} ({page.stat().st_size / 1e6:.1f} MB)")
