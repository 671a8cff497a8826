"""`apical evaluate RUN`: losses and scores of a finished run."""

import math
from pathlib import Path
from typing import Annotated

import tyro

from apical.cli.support import terminal
from apical.cli.support.console import tell_if_unfinished
from apical.cli.support.flags import cli
from apical.training.selection import Last, Selection


def main(args: list[str]) -> None:
    cli(evaluate, args, "apical evaluate")


def evaluate(run: Annotated[Path, tyro.conf.Positional], network: Selection = Last()) -> None:
    """Evaluate one network of each seed on every split.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
        network: After which epoch: the last one saved, or the best on validation.
    """
    from apical.networks.targets import MANY, TOP5
    from apical.runs.score import Score
    from apical.training.reload import reload
    from apical.values.spelling import spell

    task, models = reload(run, network=network)
    console = terminal.console()
    tell_if_unfinished(console, run)
    target = task.settings.target
    further = [TOP5] if task.data.n_classes >= MANY and target.score == "accuracy" else []
    table = terminal.table("seed", "epoch", "split", "loss", target.score, *further)
    table.title = f"{spell(task.rule)} on {task.data.name}"
    for seed, model in models.items():
        final = task.trainer.measure(model.network)
        for split in ("train", "val", "test"):
            loss, score = final[f"{split}_loss"], final[target.metric(split)]
            whose = (str(seed), str(model.epoch), split)
            rest = [100 * final.get(Score(name).metric(split), math.nan) for name in further]
            percents = [f"{part:.2f} %" for part in (100 * score, *rest)]
            table.add_row(*whose, f"{loss:.4f}", *percents)
    console.print(table)
