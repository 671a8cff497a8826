"""`apical sensitivity SEARCH...`: how the errors of searches are spread over their draws."""

from pathlib import Path
from typing import Annotated

import tyro

from apical.cli.support import terminal
from apical.cli.support.flags import cli
from apical.errors import UsageError


def main(args: list[str]) -> None:
    cli(sensitivity, args, "apical sensitivity")


def sensitivity(
    searches: Annotated[tuple[Path, ...], tyro.conf.Positional],
    out: Path = Path("sensitivity.png"),
) -> None:
    """Tell and draw the validation errors that searches came to over their draws.

    Args:
        searches: Folders of searches, as given to --out of `apical search`.
        out: The figure; its ending (.png, .svg, .pdf) says the format.
    """
    import numpy as np

    from apical.report.labels import run_labels, shared_target
    from apical.report.sensitivity import draw
    from apical.tuning.folder import SearchData

    if not searches:
        raise UsageError("sensitivity: name at least one search's folder")
    found = [SearchData.read(path) for path in searches]
    figure = draw(found, out)
    table = terminal.table("search", "rule", "draws", "diverged", "best", "median", "worst")
    table.title = f"validation {shared_target(found).shortfall} (%)"
    for search, label in zip(found, run_labels(found), strict=True):
        spread = np.quantile(search.errors, (0, 0.5, 1)) if search.errors else ()
        cells = [f"{error:.2f}" for error in spread]
        table.add_row(
            str(search.path), label, str(len(search.trials)), str(search.diverged), *cells
        )
    console = terminal.console()
    console.print(table)
    console.print(f"figure: {figure}", soft_wrap=True)
