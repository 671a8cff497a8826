"""`apical evaluate RUN`: losses and scores of a finished run."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import tyro
from rich.table import Table

from apical.cli.support import terminal
from apical.cli.support.console import tell_if_unfinished
from apical.cli.support.flags import cli
from apical.data import Dataset
from apical.errors import UsageError
from apical.training.selection import Last, Selection

if TYPE_CHECKING:
    from apical.training.model import Model


def main(args: list[str]) -> None:
    cli(evaluate, args, "apical evaluate")


def evaluate(
    run: Annotated[Path, tyro.conf.Positional],
    network: Selection = Last(),
    confusion: bool = False,
) -> None:
    """Evaluate one network of each seed on every split.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
        network: After which epoch: the last one saved, or the best on validation.
        confusion: Tell too how many test examples of each class are taken for each class, over all
            seeds.
    """
    from apical.networks.targets import MANY, TOP5, Label
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
    if confusion:
        if not isinstance(target, Label):
            raise UsageError(
                f"confusion: these networks were trained towards the {spell(target)} and name no "
                "class; leave it out"
            )
        console.print(_confusion(task.data, list(models.values())))


def _confusion(data: Dataset, models: "list[Model]") -> Table:
    """The classes by their names: a row is what examples are, a column what they are taken for."""
    test, names = data.test, np.array(data.classes)
    counts = sum(model.confusion(np.asarray(test.x), names[test.y]) for model in models)
    table = terminal.table("is", *data.classes, title="test examples, and what they are taken for")
    for name, row in zip(data.classes, np.asarray(counts), strict=True):
        table.add_row(name, *map(str, row))
    return table
