"""Rules by their spelling, or out of a Python file that is not part of the package."""

import importlib.util
import inspect
import sys
from pathlib import Path

from apical.errors import UsageError, short, unknown
from apical.rules import Rule
from apical.values.value import parse


def rule_of(text: str) -> Rule:
    """The rule that a text spells, as `fa:usf`, or that a file defines, as `mine.py:MyRule`.

    Raises `UsageError` for a rule that there is not, and for a file that does not give one.
    """
    path, colon, name = text.rpartition(":")
    if path.endswith(".py"):
        return _from_file(Path(path), name)
    if not colon and text.endswith(".py"):
        raise UsageError(f"{text}: which of its rules? name a class, as in {text}:MyRule")
    rule: Rule = parse(Rule, text)
    return rule


def _from_file(path: Path, name: str) -> Rule:
    if not path.is_file():
        raise UsageError(f"{path}: not found; name a Python file and a class, as in mine.py:MyRule")
    module = f"apical_audited_{path.stem}"
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[module] = loaded  # annotations are looked up there
    try:
        spec.loader.exec_module(loaded)
    except Exception as error:
        raise UsageError(
            f"{path}: cannot be imported, {type(error).__name__}: {short(str(error))}; mend it, or "
            "run it by Python to see where"
        ) from error
    own = {
        each: cls
        for each, cls in vars(loaded).items()
        if inspect.isclass(cls) and issubclass(cls, Rule) and not inspect.isabstract(cls)
    }
    if name not in own:
        raise UsageError(unknown(f"{path}: rule", name, own))
    return own[name]()
