"""`apical evaluate RUN`: losses and accuracies of a finished run."""

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from apical.cli.parsing import cli


def main(args: list[str]) -> None:
    cli(evaluate, args, "apical evaluate")


def evaluate(run: Annotated[Path, tyro.conf.Positional]) -> None:
    """Evaluate the last saved network of each seed on every split.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
    """
    from apical.training.reload import reload
    from apical.values import spell

    task, networks = reload(run)
    table = Table("seed", "split", "loss", "accuracy")
    table.title = f"{spell(task.rule)} on {task.data.name}"
    for seed, network in networks.items():
        final = task.final(network)
        for split in ("train", "val", "test"):
            accuracy = f"{100 * final[f'{split}_accuracy']:.2f} %"
            table.add_row(str(seed), split, f"{final[f'{split}_loss']:.4f}", accuracy)
    Console().print(table)
