"""Arguments and console of every command, without JAX, for those that answer at once."""

import contextlib
import functools
import io
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import tyro
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from apical.errors import UsageError

T = TypeVar("T")


def console(quiet: bool = False) -> Console:
    """A console that prints text as it is: a path may hold brackets; a quiet one prints nothing."""
    return Console(markup=False, quiet=quiet)


def table(*columns: str | Column, **given: Any) -> Table:
    """A table whose cells are broken over lines where it is too wide; nothing is cut.

    **Arguments:**

    - `columns`: headings, or columns that are to be otherwise.
    - `given`: as for `rich.table.Table`, such as a title.
    """
    folded = (Column(c, overflow="fold") if isinstance(c, str) else c for c in columns)
    return Table(*folded, **given)


def bold(first: str, rest: str) -> Text:
    """Text whose first part stands out."""
    return Text.assemble((first, "bold"), rest)


def call(
    function: Callable[..., T],
    args: list[str],
    prog: str,
    registry: tyro.constructors.ConstructorRegistry | None = None,
) -> T:
    """Call `function` with what `args` say.

    Raises `UsageError` for arguments that it does not take; `--help` prints and exits.
    """
    return _parsed(function, args, prog, registry)()


def _parsed(function, args, prog, registry) -> Callable[[], T]:
    """The call that the arguments ask for; of the frame that tyro prints for a mistake, a line."""

    @functools.wraps(function)
    def later(*given, **named) -> Callable[[], T]:
        return functools.partial(function, *given, **named)

    def parse() -> Callable[[], T]:
        return tyro.cli(
            later,
            args=args,
            prog=prog,
            registry=registry,
            config=(tyro.conf.OmitArgPrefixes,),
            use_underscores=False,
        )

    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return parse()
    except SystemExit as exit:
        if not exit.code:
            raise
    frame = io.StringIO()
    # Once more, where no line is broken.
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(frame), wide():
        parse()
    raise UsageError(_mistake(frame.getvalue(), prog))


@contextlib.contextmanager
def wide() -> Iterator[None]:
    """What is printed breaks no line."""
    there = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100000"
    try:
        yield
    finally:
        if there is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = there


def _mistake(frame: str, prog: str) -> str:
    """What a frame of tyro's says in its first part, and the flags that it thinks were meant."""
    # Its lines are those of boxes, or of ASCII where the terminal has no others.
    lines = [line.strip("│| ") for line in frame.splitlines()[1:-1]]
    parts = [
        list(part)
        for is_rule, part in itertools.groupby(lines, lambda line: set(line) <= {"─", "-"})
        if not is_rule
    ]
    told, *hints = parts or [[frame.strip()]]
    said = " ".join(told[: 1 + told[0].endswith(":")]).rstrip(".")
    meant = [
        hint[1].replace(",", " ").split()[0]
        for hint in hints
        if hint[0].startswith(("Perhaps you meant", "Arguments similar"))
    ]
    asked = f"did you mean {' or '.join(meant)}? " if meant else ""
    return f"{said}; {asked}`{prog} --help` shows the options"


def pick(args: list[str], known: dict[str, str], kind: str, prog: str) -> tuple[str, list[str]]:
    """The first argument as one of the known names, and the rest; `--help` lists them."""
    if not args or args[0] in ("-h", "--help"):
        lines = [f"usage: {prog} {kind.upper()} ...", ""]
        lines += [f"  {name:<14} {what}" for name, what in known.items()]
        lines += ["", f"`{prog} {kind.upper()} --help` shows its options."]
        print("\n".join(lines), file=sys.stdout if args else sys.stderr)
        sys.exit(0 if args else 2)
    return args[0], args[1:]
