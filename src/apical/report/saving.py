"""Figures are saved here, each file whole or not at all."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from apical.errors import UsageError
from apical.runs.writing import write_whole


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Save a figure as `name.png` and `name.svg` in a folder, and close it; the two files.

    Raises `WriteError` if a file cannot be written.
    """
    paths = [folder / f"{name}.{ending}" for ending in ("png", "svg")]
    try:
        for path in paths:
            _write(figure, path)
    finally:
        plt.close(figure)
    return paths


def save_at(figure: Figure, out: Path, command: str) -> Path:
    """Save a figure in the format that the ending of `out` says, and close it; `out`.

    Raises `UsageError` naming `command` for an ending that is no format, `WriteError` if the file
    cannot be written.
    """
    try:
        if not out.suffix:
            raise UsageError(f"{command}: {out} has no ending that says the format; try {out}.png")
        _write(figure, out)
    except ValueError as error:
        raise UsageError(f"{command}: cannot write {out}: {error}; try a .png or .svg") from None
    finally:
        plt.close(figure)
    return out


def _write(figure: Figure, path: Path) -> None:
    """Draw in memory first, so that what is on the disk is a whole figure.

    An SVG file has no date: the same figure is the same file.
    """
    content = io.BytesIO()
    ending = path.suffix[1:].lower()
    figure.savefig(content, format=ending, metadata={"Date": None} if ending == "svg" else None)
    write_whole(path, content.getvalue())
