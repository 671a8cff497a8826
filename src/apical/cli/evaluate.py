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
    from apical.report.mistakes import Mistake
    from apical.training.model import Model


def main(args: list[str]) -> None:
    cli(evaluate, args, "apical evaluate")


def evaluate(
    run: Annotated[Path, tyro.conf.Positional],
    network: Selection = Last(),
    confusion: bool = False,
    figure: Path | None = None,
) -> None:
    """Evaluate one network of each seed on every split.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
        network: After which epoch: the last one saved, or the best on validation.
        confusion: Tell too how many test examples of each class are taken for each class, over all
            seeds.
        figure: Draw that, and the test images that are mistaken, the surest first, into this file;
            its ending (.png, .svg, .pdf) says the format.
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
    asked = "confusion" if confusion else "figure"
    if not (confusion or figure):
        return
    if not isinstance(target, Label):
        raise UsageError(
            f"{asked}: these networks were trained towards the {spell(target)} and name no "
            "class; leave it out"
        )
    counts, wrong, kind = _answers(task.data, list(models.values()))
    if confusion:
        console.print(_confusion(task.data, counts))
    if figure is not None:
        from apical.report.mistakes import draw

        title = f"{spell(task.rule)} on {task.data.name}, test set"
        title += f", {len(models)} seeds" if len(models) > 1 else ""
        drawn = draw(counts, task.data.classes, wrong, figure, title, kind)
        console.print(f"figure: {drawn}", soft_wrap=True)


def _answers(data: Dataset, models: "list[Model]") -> "tuple[np.ndarray, list[Mistake], str]":
    """Of the test set, how many of each class are taken for each, over all seeds; what is mistaken,
    the surest first, each example once; and what the sureness is."""
    import jax.numpy as jnp

    from apical.networks.targets import class_scores
    from apical.report.mistakes import Mistake

    x, y, names = np.asarray(data.test.x), np.asarray(data.test.y), data.classes
    counts = np.zeros((len(names), len(names)), int)
    surest: dict[int, tuple[float, int]] = {}
    for model in models:
        kind = "probability"
        try:
            scores = model.predict_proba(x)
        except UsageError:  # outputs that are none
            scores, kind = np.asarray(class_scores(jnp.asarray(model.outputs(x)))), "score"
        given = scores.argmax(axis=1)
        np.add.at(counts, (y, given), 1)
        for i in np.flatnonzero(given != y).tolist():
            surest[i] = max(surest.get(i, (-np.inf, 0)), (float(scores[i, given[i]]), given[i]))
    order = sorted(surest, key=lambda i: (-surest[i][0], i))
    if not _are_images(data.shape):
        return counts, [], kind
    return (
        counts,
        [Mistake(_seen(data, x[i]), names[y[i]], names[surest[i][1]], surest[i][0]) for i in order],
        kind,
    )


def _are_images(shape: tuple[int, ...]) -> bool:
    """Whether they are rows and columns, grey or of three colours."""
    return len(shape) == 2 or (len(shape) == 3 and shape[-1] in (1, 3))


def _seen(data: Dataset, example: np.ndarray) -> np.ndarray:
    """An image from 0 to 1, without an axis for its one channel."""
    image = np.clip(np.asarray(example, float) / data.white, 0, 1)
    return image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image


def _confusion(data: Dataset, counts: np.ndarray) -> Table:
    """The classes by their names: a row is what examples are, a column what they are taken for."""
    table = terminal.table("is", *data.classes, title="test examples, and what they are taken for")
    for name, row in zip(data.classes, counts, strict=True):
        table.add_row(name, *map(str, row))
    return table
