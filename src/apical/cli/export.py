"""`apical export RUN --format onnx`: a trained network as a file for other programs."""

from pathlib import Path
from typing import Annotated

import tyro

from apical.cli.support import terminal
from apical.cli.support.console import tell_if_unfinished
from apical.cli.support.flags import cli
from apical.errors import UsageError
from apical.export.formats import Format, Safetensors
from apical.training.selection import Last, Selection


def main(args: list[str]) -> None:
    cli(export, args, "apical export")


def export(
    run: Annotated[Path, tyro.conf.Positional],
    format: Format = Safetensors(),
    seed: int | None = None,
    network: Selection = Last(),
    out: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Write a trained network with its preprocessing as one file.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
        format: safetensors for `apical.Model.load`, stablehlo for JAX without apical, or onnx.
        seed: Which seed's network; None: the first.
        network: After which epoch: the last one saved, or the best on validation.
        out: The file; None: model and the format's suffix, in the folder of the run.
        overwrite: Replace the file.
    """
    import warnings

    from apical.training.reload import load_model

    path = run / f"model{format.suffix}" if out is None else out
    if path.exists() and not overwrite:
        raise UsageError(
            f"{path}: is there already; name another file with --out, or replace it with "
            "--overwrite"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told below, as by the other commands
        model = load_model(run, seed=seed, network=network)
    console = terminal.console()
    tell_if_unfinished(console, run)
    format.write(model, path)
    console.print(f"wrote: {path}", soft_wrap=True)
