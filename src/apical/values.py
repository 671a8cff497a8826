"""Values (rules, losses, feedback, ...) to JSON and back.

A value is a frozen dataclass or `eqx.Module` whose fields are primitives,
tuples, or values again. Only subclasses of the kinds below are ever made from a
file, so that reading a configuration cannot run anything else.
"""

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from apical.data.preprocessing import Preprocessing
from apical.errors import UsageError
from apical.rules import Rule
from apical.suggest import unknown
from apical.value import Value

ROOTS = (Value, Preprocessing)


def is_kind(cls: Any) -> bool:
    """Whether a type is an axis of choice, such as `Loss`: abstract, with values below it."""
    return isinstance(cls, type) and issubclass(cls, ROOTS) and inspect.isabstract(cls)


def name_of(cls: type) -> str:
    """A rule's own name; for any other value its class's: FixedRandom -> fixed-random."""
    if issubclass(cls, Rule):
        return cls.name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()


def concrete(kind: type) -> dict[str, type]:
    """The final classes of a kind, by the name the command line gives them."""

    def below(cls: type) -> Iterator[type]:
        subclasses: list[type] = cls.__subclasses__()
        for sub in subclasses:
            yield sub
            yield from below(sub)

    return {name_of(cls): cls for cls in below(kind) if not inspect.isabstract(cls)}


def parse(kind: type, text: str) -> Any:
    """The value that `text` spells: a name, then fields after a colon, in order.

    `fixed-random`, `uniform:0.2`, `fa:frsf`, `fixed-random:uniform:0.1`, `centre:255,true`.
    The items of a tuple are parted by slashes: `4/0.04`.
    Raises `UsageError` for an unknown name or a field that does not parse.
    """
    name, _, rest = text.partition(":")
    known = concrete(kind)
    if name not in known:
        raise UsageError(unknown(kind.__name__.lower(), name, known))
    cls = known[name]
    hints = typing.get_type_hints(cls)
    fields = [f.name for f in dataclasses.fields(cls)]
    given = rest.split(",") if rest else []
    if len(given) > len(fields):
        raise UsageError(f"{text}: {name} takes {len(fields)} fields ({', '.join(fields)})")
    return cls(
        **{
            field: _parse_field(hints[field], part, f"{text}: {field}")
            for field, part in zip(fields, given, strict=False)
        }
    )


def spell(value: Any) -> str:
    """The text that `parse` takes for a value; fields at their defaults are left out."""
    name = name_of(type(value))
    fields = [(f, getattr(value, f.name)) for f in dataclasses.fields(value)]
    while fields and fields[-1][1] == fields[-1][0].default:
        fields.pop()
    spelled = [_spell_field(v) for _, v in fields]
    return f"{name}:{','.join(spelled)}" if spelled else name


def _spell_field(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(_spell_field(item) for item in value)
    return spell(value) if isinstance(value, ROOTS) else str(value).lower()


def _parse_field(hint: Any, text: str, where: str) -> Any:
    if is_kind(hint):
        return parse(hint, text)
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return tuple(_parse_field(item, part, where) for part in text.split("/"))
    readers: dict[type, Callable[[str], Any]] = {
        bool: {"true": True, "false": False}.__getitem__,
        int: int,
        float: float,
        str: str,
    }
    try:
        return readers[hint](text)
    except (KeyError, ValueError):
        raise UsageError(f"{where}: expected {hint.__name__}, got {text!r}") from None


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
    classes = {cls.__name__: cls for root in ROOTS for cls in concrete(root).values()}
    if data["type"] not in classes:
        raise UsageError(unknown("config: type", data["type"], classes))
    return classes[data["type"]](**fields)
