"""The two folders where data sets are looked for, and how files get into the cache."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def partial_file(folder: Path) -> Iterator[Path]:
    """An empty temporary file in `folder` (made if need be), gone afterwards.

    In the same folder, so that `os.replace` is atomic; under a name no loader looks for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".partial-", dir=folder)
    os.close(descriptor)
    path = Path(name)
    try:
        path.chmod(0o644)  # mkstemp's 0600 would make a shared cache unreadable
        yield path
    finally:
        path.unlink(missing_ok=True)


def keep(contents: Mapping[str, bytes], folder: Path) -> None:
    """Put verified raw contents in `folder`, each atomically; `OSError` if it is not writable."""
    for name, raw in contents.items():
        with partial_file(folder) as partial:
            partial.write_bytes(raw)
            os.replace(partial, folder / name)
