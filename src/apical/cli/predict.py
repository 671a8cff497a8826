"""`apical predict RUN image.png...`, or `rows.csv`: classify images or rows with a finished run."""

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import tyro

from apical.cli.support import terminal
from apical.cli.support.console import tell_if_unfinished
from apical.cli.support.flags import cli
from apical.data import Dataset
from apical.data.images import ground_of, read_examples
from apical.errors import UsageError
from apical.runs.folder import RunFolder
from apical.runs.writing import write_whole
from apical.training.selection import Last, Selection

if TYPE_CHECKING:
    from apical.training.model import Model

SHOWN = 50
"""Rows of a table that are printed."""


def main(args: list[str]) -> None:
    cli(predict, args, "apical predict")


def predict(
    run: Annotated[Path, tyro.conf.Positional],
    files: Annotated[tuple[Path, ...], tyro.conf.Positional],
    seed: int | None = None,
    network: Selection = Last(),
    invert: bool = False,
    out: Path | None = None,
) -> None:
    """Classify image files, or the rows of a table, with a trained network.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
        files: Image files; resized and made grey or coloured as the training images were. A
            transparent ground becomes that of the training images, or the other if what is
            drawn could not be seen on it. Or a table, .csv or .tsv, with the columns that the run
            was trained on, in any order and among others; labels in it are compared.
        seed: Which seed's network; None: the first.
        network: After which epoch: the last one saved, or the best on validation.
        invert: Swap black and white first (MNIST's digits are white on black).
        out: Write the answers for a table into this .csv file, with the chance of each class.
    """
    if not files:
        raise UsageError("predict: name at least one image file, or a table")
    tables = [path for path in files if path.suffix.lower() in (".csv", ".tsv")]
    if not tables:
        if out is not None:
            raise UsageError("out: is for the rows of a table; leave it out")
        _images(run, files, seed, network, invert)
        return
    if len(files) > 1:
        raise UsageError(f"predict: {tables[0]} is a table, and is to be named alone")
    if invert:
        raise UsageError("invert: is for images; leave it out")
    if out is not None and out.exists():
        raise UsageError(f"{out}: is there already; name another file, or remove it")
    _rows(run, tables[0], seed, network, out)


def _rows(run: Path, table: Path, seed: int | None, network: Selection, out: Path | None) -> None:
    from apical.data.tables import read_rows
    from apical.training.reload import columns_of, load_model

    columns = columns_of(run)
    rows = read_rows(table, columns, RunFolder(run).config()["data"]["name"])
    console = terminal.console()
    tell_if_unfinished(console, run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an unfinished run, which is told already
        model = load_model(run, seed=seed, network=network)
    scores = _scores(model, rows.x)
    firsts = scores.argmax(axis=1)
    found = None if rows.labels is None else model.evaluate(rows.x, rows.labels)
    shown = terminal.table("line", "class", "output", "next best")
    for number, of_row in zip(rows.numbers[:SHOWN], scores, strict=False):
        shown.add_row(str(number), *_told(of_row, model.classes))
    console.print(shown)
    if len(firsts) > SHOWN:
        rest = "" if out else "; --out FILE.csv writes all"
        console.print(f"and {len(firsts) - SHOWN} more{rest}", soft_wrap=True)
    if rows.others:
        names = ", ".join(rows.others[:5]) + ", ..." * (len(rows.others) > 5)
        console.print(f"note: not read: {names}", soft_wrap=True, highlight=False)
    if found is not None:
        console.print(f"accuracy: {100 * found['accuracy']:.2f} % of {len(firsts)} rows")
    if out is not None:
        lines = [["line", "class", *model.classes]]
        for number, first, of_row in zip(rows.numbers, firsts, scores, strict=True):
            lines.append([str(number), model.classes[first], *(f"{s:.6g}" for s in of_row)])
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        write_whole(out, text.getvalue())
        console.print(f"answers: {out}", soft_wrap=True)


def _scores(model: "Model", raw: np.ndarray) -> np.ndarray:
    """The output of each class for raw examples."""
    import jax.numpy as jnp

    from apical.networks.targets import Label, class_scores
    from apical.values.spelling import spell

    target = model.learner.settings.target
    if not isinstance(target, Label):
        raise UsageError(
            f"predict: the network was trained towards the {spell(target)} and names no class; "
            "name a run that was trained towards labels"
        )
    return np.asarray(class_scores(jnp.asarray(model.outputs(raw))))


def _told(scores: np.ndarray, names: Sequence[str]) -> tuple[str, str, str]:
    """The first class, its output, and the second with its own."""
    first, second = np.argsort(-scores, kind="stable")[:2]
    return names[first], f"{scores[first]:.3f}", f"{names[second]} {scores[second]:.3f}"


def _images(
    run: Path, images: tuple[Path, ...], seed: int | None, network: Selection, invert: bool
) -> None:
    from apical.networks.targets import class_scores
    from apical.training.reload import reload_classifiers

    task, models = reload_classifiers(run, network)
    if seed is not None and seed not in models:
        raise UsageError(f"seed: {run} has the seeds {sorted(models)}, not {seed}")
    model = models[min(models) if seed is None else seed]
    raw = read_examples(task.data, images, invert=invert)
    console = terminal.console()
    tell_if_unfinished(console, run)
    scores = np.asarray(class_scores(model(raw)))
    _tell_of_the_ground(task.data, images, raw, invert)

    table = terminal.table("image", "class", "output", "next best")
    for path, of_image in zip(images, scores, strict=True):
        table.add_row(str(path), *_told(of_image, model.classes))
    console.print(table)


def _tell_of_the_ground(
    data: Dataset, paths: tuple[Path, ...], raw: np.ndarray, invert: bool
) -> None:
    """Say which images are dark on light where the training images are light on dark, or so."""
    theirs = ground_of(data.train.x) / data.white
    if 0.25 < theirs < 0.75:  # photographs have no ground to speak of
        return
    ours = [ground_of(image[None]) / data.white > 0.5 for image in raw]
    other = [str(path) for path, light in zip(paths, ours, strict=True) if light == (theirs < 0.5)]
    if other:
        shown = ", ".join(other[:3]) + (f" and {len(other) - 3} more" if len(other) > 3 else "")
        kinds = ("light", "dark") if theirs < 0.5 else ("dark", "light")
        print(
            f"note: {shown}: the ground is {kinds[0]}, that of {data.name} {kinds[1]}; "
            + ("leave out --invert" if invert else "--invert swaps black and white")
        )
