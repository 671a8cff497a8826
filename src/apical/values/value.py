"""Values: what configurations are made of, and how they are read.

A value is a frozen module whose fields are primitives, tuples or values again: a rule, a loss, a
feedback, an initialiser. Its fields are read by their annotations wherever it is made: a value may
be given as the text that spells it, a tuple as a list, and what does not fit is told at once.
"""

import dataclasses
import inspect
import os
import re
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from numbers import Integral, Real
from typing import Any, ClassVar

import equinox as eqx
import numpy as np

from apical.errors import UsageError, short, unknown


class Value(eqx.Module):
    """The root of everything that a configuration may name."""

    name: ClassVar[str]
    """What the command line calls it; unless it says so itself, as its class: fixed-random."""
    number: ClassVar[str] = ""
    """Of a kind: the value that a number alone stands for, as 500 does for fc:500."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        finals.cache_clear()
        if "name" not in vars(cls):
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    def __post_init__(self):
        read_fields(self, f" of {self.name}")

    # Equinox compares modules as trees of arrays, which takes four times as long. Values are static
    # arguments of compiled programs, compared and hashed at every call.
    def __eq__(self, other: object) -> Any:
        return type(self) is type(other) and _contents(self) == _contents(other)

    def __hash__(self) -> int:
        return hash((type(self), *_contents(self)))


def _contents(value: Value) -> list[Any]:
    return [getattr(value, name) for name in _hints(type(value))]


def written(*, mark: str = "", between: str = "/") -> dict[str, str]:
    """The metadata of a field with a spelling of its own.

    `mark`: a letter before it, so that it may stand anywhere or be left out, as in `s2`.
    `between`: what parts the items of a tuple, as in `3x3`.
    """
    return {"mark": mark, "between": between}


def mark(field: dataclasses.Field) -> str:
    """The letter before a field (see `written`), or nothing."""
    return field.metadata.get("mark", "")


def dashed(field: dataclasses.Field) -> str:
    """What a field is called in a spelling."""
    return field.name.replace("_", "-")


def read_fields(owner: Any, whose: str = "") -> None:
    """Read every field of a dataclass in its making, and put what was read in its place.

    Raises `UsageError` naming the field, and `whose` it is, if something else was given.
    """
    for name, hint in _hints(owner.__class__).items():
        given = getattr(owner, name)
        found = read(hint, given, name, whose)
        if found is not given:
            object.__setattr__(owner, name, found)


def made(cls: type[Value], given: Mapping[str, Any]) -> Any:
    """The value of a class with these fields, each of them read before its constructor sees it."""
    hints = _hints(cls)
    whose = f" of {cls.name}"
    return cls(**{name: read(hints.get(name, Any), g, name, whose) for name, g in given.items()})


@cache
def _hints(cls: Any) -> dict[str, Any]:
    """The annotation of each field."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def read(hint: Any, given: Any, what: str, whose: str = "") -> Any:
    """What was given for an annotation.

    A value may be given as itself, as its class or as the text that spells it, a tuple as a list,
    a number as NumPy's. What the annotation says nothing of is left as it is.

    **Raises:** `UsageError` as in "alpha of dtp: must be a number, got 'x'".

    !!! example

        >>> from apical.networks.losses import Loss
        >>> read(Loss, "squared-error", "loss")
        SquaredError()
    """
    if typing.get_origin(hint) in UNIONS:
        if given is None:
            return None
        hint = _without_none(hint)
    where = what + whose
    if isinstance(hint, type) and issubclass(hint, Value):
        return given if isinstance(given, hint) else _read_value(hint, given, where)
    if hint in PRIMITIVES:
        demand, fitting, taken = PRIMITIVES[hint]
        if isinstance(given, fitting) and (hint is bool or not isinstance(given, bool)):
            return given if isinstance(given, taken) else taken[0](given)
    elif typing.get_origin(hint) is tuple:
        demand, item = "a list", typing.get_args(hint)[0]
        if isinstance(given, list | tuple):
            return tuple(read(item, g, f"{what}[{i}]", whose) for i, g in enumerate(given))
    elif typing.get_origin(hint) is Mapping:
        demand, (_, item) = "numbers by their names", typing.get_args(hint)
        if isinstance(given, Mapping):
            # An optimizer's argument may be a switch; the command line spells it 0 or 1.
            return {
                name: g if isinstance(g, bool) else read(item, g, f"{what}[{name!r}]", whose)
                for name, g in given.items()
            }
    else:
        return given
    raise UsageError(f"{where}: must be {demand}, got {short(given)}")


UNIONS = (types.UnionType, typing.Union)


def _without_none(union: Any) -> Any:
    """The one thing that a union allows beside None. Of several, nothing is asked of a field."""
    parts = [part for part in typing.get_args(union) if part is not type(None)]
    return parts[0] if len(parts) == 1 else Any


PRIMITIVES: dict[type, tuple[str, Any, tuple[type, ...]]] = {
    bool: ("True or False", bool | np.bool_, (bool,)),
    int: ("a whole number", Integral, (int,)),
    float: ("a number", Real, (float, int)),
    str: ("a text", str | os.PathLike, (str,)),
}
"""What each demands, the types that fit, and those that are taken as they are."""


def _read_value(kind: type[Value], given: Any, where: str) -> Any:
    """A value of a kind that was given as something else."""
    spelled = kind.number and isinstance(given, Integral) and not isinstance(given, bool)
    try:
        if isinstance(given, str) or spelled:
            return parse(kind, str(given))
        if isinstance(given, type) and issubclass(given, kind) and not inspect.isabstract(given):
            return _default(given)
    except UsageError as error:
        raise UsageError(f"{where}: {str(error).removeprefix(f'{kind.name}: ')}") from None
    names = sorted(concrete(kind))
    listed = ", ".join(names if len(names) < 9 else [*names[:3], "..."])
    number = " or a whole number" * bool(kind.number)
    article = "an" if kind.name[0] in "aeiou" else "a"
    raise UsageError(
        f"{where}: must be {article} {kind.name} ({listed}){number}, got {short(given)}"
    )


def _default(cls: type[Value]) -> Value:
    """The value that a class makes of nothing."""
    for field in dataclasses.fields(cls):
        if field.default is dataclasses.MISSING:
            raise UsageError(
                f"{cls.__name__} is a class, and its {field.name} is missing; call it, as in "
                f"{cls.__name__}({field.name}=...)"
            )
    return cls()


def is_kind(cls: Any) -> bool:
    """Whether a type is an axis of choice, such as `Loss`: abstract, with values below it."""
    return isinstance(cls, type) and issubclass(cls, Value) and inspect.isabstract(cls)


@cache
def finals(kind: type[Value]) -> tuple[type[Value], ...]:
    """The classes of a kind that values are made of; looked for anew when there is a new one."""
    found: list[type[Value]] = []
    for cls in kind.__subclasses__():
        found += [cls] * (not inspect.isabstract(cls)) + [*finals(cls)]
    return tuple(found)


def concrete(kind: type[Value]) -> dict[str, type[Value]]:
    """Those that a configuration may ask for, by the name the command line gives them.

    A class with an empty name is not to be asked for.
    """
    return {cls.name: cls for cls in finals(kind) if cls.name}


def parse(kind: type[Value], text: str) -> Any:
    """The value that `text` spells: a name, then fields after a colon, in order or by their names.

    `fixed-random`, `uniform:0.2`, `fa:frsf`, `fixed-random:uniform:0.1`, `centre:255,true`,
    `ghost-mb:per-layer=20/5,stepping=strides`. The items of a tuple are parted by slashes; a field
    may have a spelling of its own (see `written`): `lc:3x3,32,s2`.
    Raises `UsageError` for an unknown name or a field that does not parse or is missing.
    """
    known = concrete(kind)
    if kind.number and text[:1] in tuple("-0123456789"):
        text = f"{kind.number}:{text}"
    name, _, rest = text.partition(":")
    if name not in known:
        raise UsageError(unknown(kind.name, name, known))
    cls = known[name]
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    marked = [f for f in fields if mark(f)]
    plain = [f for f in fields if not mark(f)]
    chosen, any_named = {}, False
    for part in rest.split(",") if rest else ():
        field = next((f for f in marked if _is_marked(part, f)), None)
        named, equals, given = part.partition("=")
        if equals and ":" not in named:
            field = next((f for f in fields if dashed(f) == named and not mark(f)), None)
            if field is None:
                raise UsageError(unknown(f"{text}: {name}", named, [dashed(f) for f in plain]))
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
        value = part.removeprefix(mark(field))
        between = field.metadata.get("between", "/")
        try:
            chosen[field.name] = _parse_field(hints[field.name], value, between, field.name)
        except UsageError as error:
            others = [] if field in marked else marked
            meanings = "".join(f"; {mark(f)}NUMBER is the {dashed(f)}" for f in others)
            raise UsageError(f"{text}: {error}{meanings}") from None
    for field in plain:
        if field.name not in chosen and field.default is dataclasses.MISSING:
            raise UsageError(f"{text}: {field.name} is missing; {(cls.__doc__ or name).strip()}")
    return cls(**chosen)


def _is_marked(part: str, field: dataclasses.Field) -> bool:
    """Whether it is the field's letter and a number; `sign` is no stride."""
    letter = mark(field)
    return part.startswith(letter) and not part.removeprefix(letter)[:1].isalpha()


def _parse_field(hint: Any, text: str, between: str, where: str) -> Any:
    if typing.get_origin(hint) in UNIONS:
        if text == "none":
            return None
        hint = _without_none(hint)
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
