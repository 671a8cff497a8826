"""Files that are written whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from apical.errors import WriteError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a kill or a full disk leaves the old content or the new one.

    Raises `WriteError` naming the file if it cannot be written; the old content is kept.
    """
    data = content.encode() if isinstance(content, str) else content
    part = path.with_suffix(path.suffix + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise WriteError(
            f"{path}: cannot be written ({error.strerror}), and is as it was before; make room "
            "or choose another path, and run the command again"
        ) from error
