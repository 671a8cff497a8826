"""`apical predict RUN image.png...`: classify images with a finished run."""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from rich.console import Console
from rich.table import Column, Table

from apical.cli.parsing import cli
from apical.cli.reading import tell_if_unfinished
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
        images: Image files; resized and made grey or coloured as the training images were.
        seed: Which seed's network; None: the first.
        network: After which epoch: the last one saved, or the best on validation.
        invert: Swap black and white first (MNIST's digits are white on black).
    """
    from apical.training.reload import predict as outputs_of
    from apical.training.reload import reload_classifiers

    if not images:
        raise UsageError("predict: name at least one image file")
    task, networks = reload_classifiers(run, network)
    if task.data.train.x.dtype != np.uint8:
        raise UsageError(f"predict: {task.data.name} is not made of images; use Python instead")
    if seed is not None and seed not in networks:
        raise UsageError(f"seed: {run} has the seeds {sorted(networks)}, not {seed}")
    net = networks[min(networks) if seed is None else seed]
    raw = np.stack([_read(path, task.data.shape, invert) for path in images])
    console = Console()
    tell_if_unfinished(console, run)
    outputs = np.asarray(outputs_of(task, net, raw))
    if not invert and raw.mean() > 128 > task.data.train.x.mean():
        print(
            f"note: these images are mostly light, those of {task.data.name} mostly dark; "
            "--invert swaps them"
        )

    table = Table(Column("image", overflow="fold"), "class", "output", "next best")
    for path, output in zip(images, outputs, strict=True):
        scores = np.array([1 - output[0], output[0]]) if len(output) == 1 else output
        first, second = np.argsort(scores)[::-1][:2]
        names = task.data.classes
        table.add_row(
            str(path),
            names[first],
            f"{scores[first]:.3f}",
            f"{names[second]} {scores[second]:.3f}",
        )
    console.print(table)


def _read(path: Path, shape: tuple[int, ...], invert: bool) -> np.ndarray:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            image = file.convert("RGB" if len(shape) == 3 else "L")
    except FileNotFoundError:
        raise UsageError(f"{path}: not found; name an image file") from None
    except (UnidentifiedImageError, OSError) as error:
        raise UsageError(
            f"{path}: cannot be read as an image ({error}); name image files only"
        ) from None
    image = image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(ImageOps.invert(image) if invert else image)
