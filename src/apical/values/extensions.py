"""Values of a user's own: files and installed packages whose classes join those of apical.

A rule, layer, loss, activation, feedback or attack is known as soon as its class exists, so that to
import a module is all there is to do. What is imported is what the user names: `--with FILE.py`,
`FILE.py:NAME` in place of a value, the variable `APICAL_WITH`, or a package that was installed with
an entry point in the group `apical`. A run's configuration is never a reason to import anything.
"""

import hashlib
import importlib
import itertools
import os
import re
import sys
import traceback
import warnings
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from apical.errors import UsageError, unknown
from apical.values.value import Value, finals

V = TypeVar("V", bound=Value)

GROUP, VARIABLE, FLAG = "apical", "APICAL_WITH", "--with"
IN_A_FILE = re.compile(r"(?P<file>.+\.py):(?P<name>[A-Za-z_]\w*)(?P<rest>[:,].*)?")
"""What is named by its file, and how it goes on."""
HINT = f"if it is of a file of yours, add {FLAG} FILE.py"

_modules: dict[str, ModuleType] = {}
"""Those that were loaded, by their names."""
_digests: dict[Path, str] = {}
"""Of the files among them, by their absolute paths, as they were when they were loaded."""


def load_file(path: Path | str) -> ModuleType:
    """Import a Python file, once; its folder is where its own imports are looked for.

    **Raises:** `UsageError` if it is not there, ends with an error, has the name of another module,
    or has a class with the name of one of apical's.
    """
    file = Path(path).expanduser().absolute()
    name = file.stem
    if not file.is_file() or file.suffix != ".py":
        raise UsageError(f"{path}: not found; expected a Python file")
    if not name.isidentifier():
        raise UsageError(f"{path}: no name of a module; rename the file, as my_rule.py")
    there, digest = sys.modules.get(name), _digest(file)
    if there is None:
        sys.path.insert(0, str(file.parent))  # for processes that are started later, too
        importlib.invalidate_caches()
        try:
            there = importlib.import_module(name)
        except Exception as error:  # whatever the user's code raises
            raise UsageError(f"{path}{_line(error, file)}: {_told(error)}") from error
    if Path(getattr(there, "__file__", None) or "").absolute() != file:
        raise UsageError(f"{path}: there is another module called {name}; rename the file")
    _join(there, str(path))
    _digests.setdefault(file, digest)
    return there


def files() -> tuple[tuple[str, str], ...]:
    """The files that were loaded, each with the digest of what it held then."""
    return tuple((str(path), digest) for path, digest in _digests.items())


def trouble_with(path: str, digest: str) -> str | None:
    """Why this process has not the file that another has loaded, as the end of a sentence; None
    once it has."""
    try:
        load_file(path)
    except UsageError as error:
        return f"cannot load a file of yours ({error})"
    if _digests[Path(path)] != digest:
        return f"has loaded {path} as it was before; start the worker again"
    return None


def load() -> None:
    """Import what `APICAL_WITH` names, and the installed packages' entry points.

    **Raises:** `UsageError` as `load_file`. A package that cannot be imported is a warning.
    """
    for path in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        load_file(path)
    _load_installed()


@cache
def _load_installed() -> None:
    for entry in entry_points(group=GROUP):
        try:
            module = importlib.import_module(entry.module)
            _join(module, entry.value)
        except Exception as error:  # a broken package is no reason to refuse every command
            warnings.warn(f"the package of {entry.value}: {_told(error)}", stacklevel=1)


def classes(kind: type[V]) -> list[type[V]]:
    """The user's own classes of a kind, of those modules that were loaded."""
    return [cls for cls in finals(kind) if cls.__module__ in _modules and issubclass(cls, kind)]


def attribute(name: str) -> Any | None:
    """What `MODULE.NAME` is of a module that was loaded; None if there is no such."""
    module, _, found = name.rpartition(".")
    return getattr(_modules[module], found, None) if module in _modules else None


def named_by_file(args: Sequence[str]) -> list[str]:
    """Arguments with values in place of those that are named by a file.

    `my_rule.py:MyRule:0.5` becomes `my-rule:0.5`, and what is no value, as a function that makes a
    data set, `my_rule.make`. A file that is told by `--with` is loaded, and left out.

    **Raises:** `UsageError` as `load_file`, and for a name that the file has not.
    """
    left, plain = list(args), []
    while left:
        arg = left.pop(0)
        if arg == FLAG or arg.startswith(f"{FLAG}="):
            path = arg.partition("=")[2] if "=" in arg else (left.pop(0) if left else "")
            remember(path)
        else:
            plain.append(_spelled(arg))
    return plain


def remember(path: str) -> None:
    """Load a file, here and in processes that are started from here."""
    load_file(path)
    told = [*filter(None, os.environ.get(VARIABLE, "").split(os.pathsep))]
    absolute = str(Path(path).expanduser().absolute())
    if absolute not in told:
        os.environ[VARIABLE] = os.pathsep.join([*told, absolute])


def _spelled(arg: str) -> str:
    flag, equals, value = arg.partition("=") if arg.startswith("--") else ("", "", arg)
    if (match := IN_A_FILE.fullmatch(value)) is None:
        return arg
    file, name, rest = match["file"], match["name"], match["rest"] or ""
    remember(file)
    module = load_file(file)
    if (found := getattr(module, name, None)) is None:
        known = [n for n in vars(module) if not n.startswith("_")]
        raise UsageError(unknown(file, name, known))
    is_value = isinstance(found, type) and issubclass(found, Value)
    return f"{flag}{equals}{found.name if is_value else f'{module.__name__}.{name}'}{rest}"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _join(module: ModuleType, where: str) -> None:
    """Count a module among the loaded ones. Raises `UsageError` if a class of it has the name of
    another's, by which values are read."""
    if module.__name__ in _modules:
        return
    ours = [cls for cls in finals(Value) if cls.__module__ == module.__name__]
    for cls, other in itertools.product(ours, finals(Value)):
        same = other.name == cls.name != "" and _kind(other) is _kind(cls)
        if other is not cls and other.name and (same or other.__name__ == cls.__name__):
            for each in ours:
                each.name = ""  # or the class would stand for the other all the same
            raise UsageError(
                f"{where}: {cls.__name__}: there is {other.__module__}.{other.__name__} of the "
                f"same name; give it another ({'name' if same else 'class'})"
            )
    _modules[module.__name__] = module


def _kind(cls: type) -> type | None:
    """The axis of choice that a class belongs to, as `Rule`."""
    return next((k for k in reversed(cls.__mro__) if issubclass(k, Value) and k is not Value), None)


def _line(error: Exception, file: Path) -> str:
    """Where in the file an error arose."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
    return f", line {lines[-1]}" if lines else ""


def _told(error: Exception) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {said}".splitlines()[0]
