"""The folder in which JAX keeps what it compiles, so that a command starts sooner the next time.

Nothing that happens to it stops a command or is told: programs are compiled once more.
"""

import os
import warnings
from contextlib import suppress
from pathlib import Path

TROUBLE = (
    "Error reading persistent compilation cache",
    "Error writing persistent compilation cache",
)
"""How JAX's warnings about the folder begin: one for each program, of two lines."""
BLOCK = 4096
"""What is written to a full disk ends with a whole block of so many bytes, or is empty."""


def keep_compiled_programs() -> None:
    """Let JAX keep what it compiles in the cache, unless the environment names another folder.

    JAX reads these variables when it is imported; processes started later inherit them.
    """
    from apical.data.folders import cache_folder

    for message in TROUBLE:
        warnings.filterwarnings("ignore", message)
    unheard = [f"ignore:{message}" for message in TROUBLE]
    os.environ["PYTHONWARNINGS"] = ",".join([*unheard, os.environ.get("PYTHONWARNINGS", "")])
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = cache_folder() / "xla"
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
        with suppress(OSError):
            remove_cut_off(folder)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")


def remove_cut_off(folder: Path) -> None:
    """Remove programs that a full disk cut off: JAX neither reads nor replaces them, ever.

    They are known by their size. One in 4096 whole ones has such a size too and is compiled again.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith("-cache") and entry.stat().st_size % BLOCK == 0:
                os.unlink(entry)
