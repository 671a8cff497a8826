"""Spaces of hyper-parameters: which numbers may be searched, drawing them, placing them."""

import dataclasses
import types
import typing
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from apical.errors import UsageError, unknown
from apical.rules import Rule
from apical.settings import Settings
from apical.training.optimizer import build_both
from apical.values.ranges import Space

Values = Mapping[str, float]
"""Numbers by the names of a `Space`."""


def draw(space: Space, seed: int, number: int) -> dict[str, float]:
    """The values of a trial, which depend on its number and the seed alone.

    Each name has its own stream, of (seed, number, name): one range more changes no other draw,
    and searches of several rules with one seed try the same learning rates.

    !!! example

        >>> import apical
        >>> draw({"lr": apical.Log(1e-5, 1e-3)}, seed=0, number=0)["lr"] <= 1e-3
        True
    """
    return {name: span.at(_share(seed, number, name)) for name, span in space.items()}


def _share(seed: int, number: int, name: str) -> float:
    """Uniform on [0, 1), by raw PCG64 words, whose stream NumPy keeps across versions."""
    word = np.random.PCG64([seed, number, zlib.crc32(name.encode())]).random_raw()
    return (int(word) >> 11) * 2.0**-53


def place(values: Values, rule: Rule, settings: Settings) -> tuple[Rule, Settings]:
    """Put drawn numbers into a rule and its settings; both, changed.

    A name is that of a setting, of a field of the rule, or a path to a number within one
    (`inverse.sigma`, `optimizer_args.eps`).
    Raises `UsageError` for a name that leads to no number, and for a value that is refused.

    !!! example

        >>> import apical
        >>> rule, settings = place({"alpha": 0.3, "lr": 0.01}, apical.DTP(), apical.Settings())
        >>> rule.alpha, settings.lr
        (0.3, 0.01)
    """
    known = _known(rule, settings)
    for name, value in values.items():
        path = name.split(".")
        if name not in known and path[0] not in OPEN:
            if isinstance(getattr(rule, name, getattr(settings, name, None)), tuple):
                raise UsageError(f"space: {name} is a list, and only single numbers are searched")
            listed = [*known, *(f"{group}.NAME" for group in OPEN)]
            raise UsageError(
                unknown(
                    "space", name, listed, "give a number that `apical train RULE --help` lists"
                )
            )
        number = int(value) if known.get(name) is int else value
        if path[0] in SETTINGS:
            settings = _put(settings, path, number)
        else:
            rule = _put(rule, path, number)
    return rule, settings


def check(space: Space, rule: Rule, settings: Settings) -> None:
    """Raises `UsageError` for a space that is empty or does not fit the rule and the settings."""
    if not space:
        raise UsageError(
            f"space: {rule.name} recommends none; name what to search, as in lr log:1e-4,1e-2"
        )
    for end in (0.0, 1.0):
        _, placed = place({name: span.at(end) for name, span in space.items()}, rule, settings)
        build_both(placed, steps=1)
    known = _known(rule, settings)
    for name, span in space.items():
        if known.get(name) is int and not span.whole:
            raise UsageError(
                f"space: {name} takes whole numbers; use whole:LOW,HIGH or choice:A/B/C"
            )


SETTINGS = tuple(field.name for field in dataclasses.fields(Settings))
OPEN = ("optimizer_args", "learned_optimizer_args")
"""Settings whose names are the optimizer's to know."""


def _known(rule: Rule, settings: Settings) -> dict[str, type]:
    return {**_numbers(rule), **_numbers(settings)}


def _numbers(value: Any) -> dict[str, type]:
    """int or float by the path that leads to it, through the values within a value."""
    hints = typing.get_type_hints(type(value))
    found: dict[str, type] = {}
    for field in dataclasses.fields(value):
        name = field.name
        inner = getattr(value, name)
        if dataclasses.is_dataclass(inner):
            found |= {f"{name}.{path}": kind for path, kind in _numbers(inner).items()}
        else:
            hint = hints[name]
            choices = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
            for kind in {int, float}.intersection(choices):
                found[name] = kind
    return found


def _put(value: Any, path: Sequence[str], number: float) -> Any:
    """A copy of `value` with the number at the end of the path."""
    head, *rest = path
    if isinstance(value, Mapping):
        return {**value, head: number}
    inner = _put(getattr(value, head), rest, number) if rest else number
    return dataclasses.replace(value, **{head: inner})
