"""`apical data`: what there is, where it lies, and whether it is whole. Nothing is downloaded."""

from __future__ import annotations

import os
from typing import Annotated

import tyro
from rich.text import Text

from apical.cli.support.terminal import call, console, pick, table
from apical.data.folders import cache_folder, data_folder
from apical.data.sources import SOURCES, source
from apical.errors import DataError, UsageError, unknown


def main(args: list[str]) -> None:
    commands = {"list": list_datasets, "verify": verify, "where": where}
    told = {name: (command.__doc__ or "").splitlines()[0] for name, command in commands.items()}
    name, rest = pick(args, told, "command", "apical data")
    if name not in commands:
        raise UsageError(unknown("command", name, commands))
    call(commands[name], rest, f"apical data {name}")


def list_datasets() -> None:
    """List the known data sets: sizes, shape, classes, and where each would be read from."""
    shown = table("name", "train / val / test", "shape", "classes", "status")
    for entry in SOURCES.values():
        shown.add_row(entry.name, *entry.told(), entry.status())
    out = console()
    out.print(shown)
    for entry in SOURCES.values():
        out.print(f"{entry.name}: {entry.about}", soft_wrap=True, highlight=False)


def verify(names: Annotated[tuple[str, ...], tyro.conf.Positional] = ()) -> None:
    """Read every copy on this machine again and check its digests.

    Args:
        names: the data sets to check; every one that is here if none is named.

    Raises:
        UsageError: a name is unknown.
        DataError: a copy is damaged, or a set that was named is not here.
    """
    chosen = [source(name) for name in names] or list(SOURCES.values())
    shown = table("name", "copy", "status")
    faults = []
    for entry in chosen:
        copies = entry.copies()
        for copy in copies:
            try:
                copy.read()
            except DataError as error:
                faults.append(str(error))
                shown.add_row(entry.name, copy.where, Text("damaged", "red"))
            else:
                shown.add_row(entry.name, copy.where, Text("ok", "green"))
        if names and not entry.is_here():
            faults.append(
                f"{entry.name}: {entry.status()}; verifying downloads nothing. "
                f"Load it once, or set APICAL_DATA to a folder that holds {entry.name}/."
            )
            shown.add_row(entry.name, "", Text("not here", "yellow"))
    console().print(shown)
    if faults:
        raise DataError("\n".join(faults))


def where() -> None:
    """Show the folders that data sets are looked for in, in order."""
    shown = table("folder", "path", "status")
    user = data_folder()
    shown.add_row("APICAL_DATA", str(user) if user else "not set", _state(user))
    cache = cache_folder()
    shown.add_row("cache (APICAL_CACHE)", str(cache), _state(cache))
    console().print(shown)


def _state(path: os.PathLike | None) -> str:
    if path is None:
        return ""
    if not os.path.isdir(path):
        return "is not a folder" if os.path.exists(path) else "not there yet"
    return "writable" if os.access(path, os.W_OK) else "read-only"
