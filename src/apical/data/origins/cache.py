"""Writing to the cache: a file is there whole and verified, or not at all."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


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
