"""Values (rules, losses, feedback, ...) to JSON and back.

A value is a frozen dataclass or `eqx.Module` whose fields are primitives,
tuples, or values again. Only subclasses of the kinds below are ever made from a
file, so that reading a configuration cannot run anything else.
"""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from apical.errors import UsageError, unknown
from apical.values.value import Value


def is_kind(cls: Any) -> bool:
    """Whether a type is an axis of choice, such as `Loss`: abstract, with values below it."""
    return isinstance(cls, type) and issubclass(cls, Value) and inspect.isabstract(cls)


def concrete(kind: type[Value]) -> dict[str, type[Value]]:
    """The final classes of a kind, by the name the command line gives them."""

    def below(cls: type[Value]) -> Iterator[type[Value]]:
        subclasses: list[type[Value]] = cls.__subclasses__()
        for sub in subclasses:
            yield sub
            yield from below(sub)

    return {cls.name: cls for cls in below(kind) if not inspect.isabstract(cls)}


def parse(kind: type[Value], text: str) -> Any:
    """The value that `text` spells: a name, then fields after a colon, in order or by their names.

    `fixed-random`, `uniform:0.2`, `fa:frsf`, `fixed-random:uniform:0.1`, `centre:255,true`,
    `ghost-mb:per-layer=20/5,stepping=strides`. The items of a tuple are parted by slashes; a field
    may have a spelling of its own (see `value.written`): `lc:3x3,32,s2`.
    Raises `UsageError` for an unknown name or a field that does not parse or is missing.
    """
    name, _, rest = text.partition(":")
    known = concrete(kind)
    if name not in known:
        raise UsageError(unknown(kind.name, name, known))
    cls = known[name]
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    marked = [f for f in fields if _mark(f)]
    plain = [f for f in fields if not _mark(f)]
    chosen, any_named = {}, False
    for part in rest.split(",") if rest else ():
        field = next((f for f in marked if _is_marked(part, f)), None)
        named, equals, given = part.partition("=")
        if equals and ":" not in named:
            field = next((f for f in fields if _spelled(f) == named and not _mark(f)), None)
            if field is None:
                raise UsageError(unknown(f"{text}: {name}", named, [_spelled(f) for f in plain]))
            part, any_named = given, True
        elif field is None:
            if any_named:
                raise UsageError(
                    f"{text}: {part!r} has no name and comes after a field that has one; name it "
                    "too, or part the items of a list by slashes, as in main-rates=4/0.04"
                )
            if not plain:
                names = ", ".join(f.name for f in fields)
                raise UsageError(f"{text}: {name} takes {len(fields)} fields ({names})")
            field = plain.pop(0)
        if field.name in chosen:
            raise UsageError(f"{text}: {field.name} is given twice; leave one out")
        value = part.removeprefix(_mark(field))
        between = field.metadata.get("between", "/")
        try:
            chosen[field.name] = _parse_field(hints[field.name], value, between, field.name)
        except UsageError as error:
            others = [] if field in marked else marked
            meanings = "".join(f"; {_mark(f)}NUMBER is the {_spelled(f)}" for f in others)
            raise UsageError(f"{text}: {error}{meanings}") from None
    for field in plain:
        if field.name not in chosen and field.default is dataclasses.MISSING:
            raise UsageError(f"{text}: {field.name} is missing; {(cls.__doc__ or name).strip()}")
    return cls(**chosen)


def spell(value: Any) -> str:
    """The text that `parse` takes for a value.

    Fields at their defaults are left out, and those that come after one of them are named.
    """
    name, spelled, skipped = value.name, [], False
    for field in sorted(dataclasses.fields(value), key=lambda f: bool(_mark(f))):
        ours = getattr(value, field.name)
        if ours == field.default:
            skipped = True
            continue
        before = _mark(field) or (f"{_spelled(field)}=" if skipped else "")
        spelled.append(before + spell_field(ours, field.metadata.get("between", "/")))
    return f"{name}:{','.join(spelled)}" if spelled else name


def _spelled(field: dataclasses.Field) -> str:
    return field.name.replace("_", "-")


def _mark(field: dataclasses.Field) -> str:
    """The letter before a field (see `value.written`), or nothing."""
    return field.metadata.get("mark", "")


def _is_marked(part: str, field: dataclasses.Field) -> bool:
    """Whether it is the field's letter and a number; `sign` is no stride."""
    mark = _mark(field)
    return part.startswith(mark) and not part.removeprefix(mark)[:1].isalpha()


def spell_field(value: Any, between: str = "/") -> str:
    """The text of a field's value: a primitive, a value, or a tuple with `between` its items."""
    if isinstance(value, tuple):
        return between.join(spell_field(item, between) for item in value)
    return spell(value) if isinstance(value, Value) else str(value).lower()


def _parse_field(hint: Any, text: str, between: str, where: str) -> Any:
    if isinstance(hint, types.UnionType):
        if text == "none":
            return None
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    if is_kind(hint):
        return parse(hint, text)
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return tuple(_parse_field(item, part, between, where) for part in text.split(between))
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
    classes = {cls.__name__: cls for cls in concrete(Value).values()}
    if data["type"] not in classes:
        raise UsageError(
            f"config: there is no {data['type']!r} here; a newer apical has written it, or it was "
            "changed"
        )
    return classes[data["type"]](**fields)
