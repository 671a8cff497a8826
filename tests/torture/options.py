"""The command's own options: what tyro is given to read, without a list of flags kept here."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from io import StringIO
from typing import Any
from unittest.mock import patch

import tyro

from apical.cli.main import COMMANDS, main
from apical.values.value import is_kind

REQUIRED = inspect.Parameter.empty


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of a command."""

    name: str
    """As a field: steps_per_epoch."""
    hint: Any
    """Its type."""
    default: Any
    """`REQUIRED` if there is none."""
    positional: bool

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


@dataclasses.dataclass(frozen=True)
class Command:
    """What begins a command line, and the options that may follow."""

    words: tuple[str, ...]
    options: tuple[Option, ...]

    def __contains__(self, name: str) -> bool:
        return any(option.name == name for option in self.options)


@cache
def commands() -> tuple[Command, ...]:
    """All commands; those of a rule or a paper once for each."""
    return tuple(_all())


def _all() -> Iterator[Command]:
    for name in COMMANDS:
        if function := _asked_of_tyro([name]):
            yield Command((name,), tuple(_options(function)))
        else:
            for what in _second_words(name):
                yield Command((name, what), tuple(_options(_asked_of_tyro([name, what]))))


def _second_words(name: str) -> list[str]:
    """What a command that lists its choices lets one choose."""
    with redirect_stdout(StringIO()) as said, suppress(SystemExit):
        main([name, "--help"])
    return re.findall(r"^  (\S+)", said.getvalue(), flags=re.MULTILINE)


class _Asked(BaseException):
    """Raised in tyro's place."""


def _asked_of_tyro(words: list[str]) -> Any:
    """What the command would have tyro call; None if it does not come to that."""
    with (
        patch("tyro.cli", side_effect=_Asked) as asked,
        redirect_stdout(StringIO()),
        redirect_stderr(StringIO()),
        suppress(_Asked, SystemExit),
    ):
        main(words)
    return asked.call_args.args[0] if asked.call_args else None


def _options(function: Callable[..., Any]) -> Iterator[Option]:
    hints = typing.get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        yield from _flat(name, hints[name], parameter.default)


def _flat(name: str, hint: Any, default: Any) -> Iterator[Option]:
    """An option, or those of a dataclass whose fields are options."""
    extras: tuple[Any, ...] = ()
    if typing.get_origin(hint) is typing.Annotated:
        hint, *rest = typing.get_args(hint)
        extras = tuple(rest)
    if not dataclasses.is_dataclass(hint) or is_kind(hint):
        yield Option(name, hint, default, tyro.conf.Positional in extras)
        return
    hints = typing.get_type_hints(hint, include_extras=True)
    for field in dataclasses.fields(hint):
        value = REQUIRED if default is REQUIRED else getattr(default, field.name)
        yield from _flat(field.name, hints[field.name], value)
