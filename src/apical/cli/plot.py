"""`apical plot RUN...`: the curves of one or several runs in one figure."""

from pathlib import Path
from typing import Annotated

import tyro

from apical.cli.support.flags import cli


def main(args: list[str]) -> None:
    cli(plot, args, "apical plot")


def plot(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional], out: Path = Path("curves.png")
) -> None:
    """Draw error, loss, alignment with BP and feedback angle against epochs.

    Of generative models, draw log p(x, h) against epochs and along inference, and errors.

    Args:
        runs: Folders of runs, as given to --out of `apical train`.
        out: The figure; its ending (.png, .svg, .pdf) says the format.
    """
    from apical.report.curves import draw
    from apical.runs.reading import RunData

    if not runs:
        from apical.errors import UsageError

        raise UsageError("plot: name at least one run's folder")
    print(f"figure: {draw([RunData.read(run) for run in runs], out)}")
