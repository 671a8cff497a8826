"""Values to text and JSON, and back from JSON; `value` reads the text.

Only final classes below `Value` are ever made from a file, so that reading a configuration cannot
run anything else.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from apical.errors import UsageError, short
from apical.values import extensions
from apical.values.value import Value, dashed, finals, made, mark


def spell(value: Any) -> str:
    """The text that `parse` takes for a value.

    Fields at their defaults are left out, and those that come after one of them are named.
    """
    name, spelled, skipped = value.name, [], False
    for field in sorted(dataclasses.fields(value), key=lambda f: bool(mark(f))):
        ours = getattr(value, field.name)
        if ours == field.default:
            skipped = True
            continue
        before = mark(field) or (f"{dashed(field)}=" if skipped else "")
        spelled.append(before + spell_field(ours, field.metadata.get("between", "/")))
    return f"{name}:{','.join(spelled)}" if spelled else name


def spell_field(value: Any, between: str = "/") -> str:
    """The text of a field's value: a primitive, a value, or a tuple with `between` its items."""
    if isinstance(value, tuple):
        return between.join(spell_field(item, between) for item in value)
    return spell(value) if isinstance(value, Value) else str(value).lower()


def encode(value: Any) -> Any:
    """A JSON-ready form of a value; `{"type": ..., fields...}` for an object."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def decode(data: Any) -> Any:
    """The value whose JSON form this is; lists become tuples.

    Raises `UsageError` for a type that is not one of apical's values.
    """
    if isinstance(data, list):
        return tuple(decode(item) for item in data)
    if not isinstance(data, dict):
        return data
    fields = {key: decode(item) for key, item in data.items() if key != "type"}
    if "type" not in data:
        return fields
    if not isinstance(data["type"], str):
        raise UsageError(f"config: a type is a text, found {short(data['type'])}; it was changed")
    classes = _classes()
    if data["type"] not in classes:
        extensions.load()
        classes = _classes()
    if data["type"] not in classes:
        raise UsageError(
            f"config: there is no {data['type']!r} here; a newer apical has written it, or it was "
            f"changed; {extensions.HINT}"
        )
    return made(classes[data["type"]], fields)


def _classes() -> dict[str, type[Value]]:
    """Those that a configuration may name; one with an empty name is not to be asked for."""
    return {cls.__name__: cls for cls in finals(Value) if cls.name}
