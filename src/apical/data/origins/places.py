"""The two folders where data sets are looked for."""

import os
from pathlib import Path


def data_folder() -> Path | None:
    """`$APICAL_DATA` (absolute, `~` expanded), where the user keeps data; None if unset."""
    value = os.environ.get("APICAL_DATA")
    return Path(value).expanduser().absolute() if value else None


def cache_folder() -> Path:
    """`$APICAL_CACHE`, or `~/.cache/apical`: where downloads and unpacked archives are kept."""
    return Path(os.environ.get("APICAL_CACHE") or "~/.cache/apical").expanduser().absolute()


def folders(name: str) -> list[Path]:
    """The folders of the data set `name`, in the order they are looked in."""
    return [place / name for place in (data_folder(), cache_folder()) if place]
