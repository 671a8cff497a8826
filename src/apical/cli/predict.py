"""`apical predict RUN image.png...`: classify images with a finished run."""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from apical.cli.support import terminal
from apical.cli.support.console import tell_if_unfinished
from apical.cli.support.flags import cli
from apical.data import Dataset
from apical.data.images import ground_of, read_examples
from apical.errors import UsageError
from apical.training.selection import Last, Selection


def main(args: list[str]) -> None:
    cli(predict, args, "apical predict")


def predict(
    run: Annotated[Path, tyro.conf.Positional],
    images: Annotated[tuple[Path, ...], tyro.conf.Positional],
    seed: int | None = None,
    network: Selection = Last(),
    invert: bool = False,
) -> None:
    """Classify image files with a trained network.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
        images: Image files; resized and made grey or coloured as the training images were. A
            transparent ground becomes that of the training images, or the other if what is
            drawn could not be seen on it.
        seed: Which seed's network; None: the first.
        network: After which epoch: the last one saved, or the best on validation.
        invert: Swap black and white first (MNIST's digits are white on black).
    """
    from apical.networks.targets import class_scores
    from apical.training.reload import reload_classifiers

    if not images:
        raise UsageError("predict: name at least one image file")
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
        first, second = np.argsort(of_image)[::-1][:2]
        names = model.classes
        table.add_row(
            str(path),
            names[first],
            f"{of_image[first]:.3f}",
            f"{names[second]} {of_image[second]:.3f}",
        )
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
