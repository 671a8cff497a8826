"""The `apical` command: called within this process, or run in one of its own."""

import io
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from apical.cli.main import main


def command(*args) -> list[str]:
    """The words of a process of its own."""
    return [sys.executable, "-m", "apical", *map(str, args)]


def apical(*args, code: int = 0) -> str:
    """What the command says, errors included, after checking its exit code.

    It is called here: starting Python and JAX takes longer than most commands. What would be a
    traceback there is an exception here.
    """
    said = io.StringIO()
    ended: int | str | None = 0
    with _hooks_put_back(), redirect_stdout(said), redirect_stderr(said):
        try:
            main([*map(str, args)])
        except SystemExit as exit:
            ended = exit.code
    assert ended == code, said.getvalue()
    return said.getvalue()


def apical_process(*args, code: int = 0) -> str:
    """The same of a process of its own."""
    done = subprocess.run(command(*args), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@contextmanager
def _hooks_put_back() -> Iterator[None]:
    """The command changes hooks of its process."""
    form, hear = warnings.formatwarning, sys.unraisablehook
    try:
        yield
    finally:
        warnings.formatwarning, sys.unraisablehook = form, hear
