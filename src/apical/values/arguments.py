"""The command line's words for a value, and the flags that lead from one value to another."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from apical.values.spelling import spell
from apical.values.value import Value


def words(value: Any) -> str:
    """What follows a flag to give its field this value."""
    if isinstance(value, Value):
        return spell(value).removeprefix(f"{value.number}:")
    if isinstance(value, tuple):
        return " ".join(words(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{key} {words(item)}" for key, item in value.items())
    return str(value)


def flags(value: Any, default: Any) -> Iterator[str]:
    """The flags that turn `default` into `value`, a dataclass of the same type."""
    for field in dataclasses.fields(value):
        ours = getattr(value, field.name)
        if ours == getattr(default, field.name):
            continue
        name = field.name.replace("_", "-")
        if isinstance(ours, bool):
            yield f"--{name}" if ours else f"--no-{name}"
        else:
            yield f"--{name} {words(ours)}".rstrip()
