"""Flags: those that several commands share, how they are read, and how they are written.

tyro reads apical's values by the names and colons of `apical.values.value`.
"""

import dataclasses
import re
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import tyro

from apical.cli.support.terminal import call, pick
from apical.data import Dataset
from apical.data.named import Named, absolute
from apical.errors import UsageError, unknown
from apical.rules import RULES, Rule
from apical.training.listeners import ListenerSpec
from apical.values import extensions
from apical.values.arguments import words
from apical.values.duration import Duration
from apical.values.ranges import Range, Space
from apical.values.spelling import spell
from apical.values.value import concrete, is_kind, parse

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class DataOptions:
    """What to train on."""

    data: str = "mnist"
    """Data set; `apical data list` shows them. Files of yours: folder:PATH for images, PATH.npz for
    arrays x and y, PATH.csv or PATH.csv:COLUMN for a table with its labels in COLUMN. In
    mnist+labels, and so in each, the label of an example is part of it: for generative models of
    both."""
    classes: tuple[int, ...] = ()
    """Keep only these labels, renumbered in this order; empty: all."""
    skip_damaged: bool = False
    """Of image files: leave out those that cannot be decoded, which the run's config.json lists."""

    @property
    def named(self) -> Named:
        """For processes that may have another working directory."""
        return Named(absolute(self.data), self.classes, self.skip_damaged)

    def load(self) -> Dataset:
        dataset = self.named.load()
        if dataset.left_out:
            names = ", ".join(dataset.left_out[:3]) + ", ..." * (len(dataset.left_out) > 3)
            told = f"left out {len(dataset.left_out)} images that cannot be decoded: {names}"
            print(told, file=sys.stderr)
        return dataset


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """How often, and what is kept."""

    seeds: int = 1
    """How many networks to train, from seeds SEED, SEED + 1, ..."""
    seed: int = 0
    """The base seed."""
    together: bool = False
    """Train all seeds as one program, with the same numbers to rounding: for accelerators."""
    out: Path | None = None
    """Folder of the run; None: keep nothing."""
    resume: bool = False
    """Go on with an unfinished run in OUT."""
    overwrite: bool = False
    """Replace the run in OUT."""
    checkpoint_seconds: float = 5.0
    """Save a checkpoint at most once in so many seconds."""
    devices: str = "1"
    """How many devices of a machine share each minibatch, or "all"."""
    shard_weights: bool = False
    """The devices share large weights, and not the minibatches; done unasked where they would not
    fit one device."""
    tensorboard: bool = False
    """Write TensorBoard events to OUT/tensorboard too (needs apical[tensorboard])."""
    listen: tuple[ListenerSpec, ...] = ()
    """Where else to write what is measured: csv:FILE, tensorboard:DIR, wandb:PROJECT,
    mlflow:EXPERIMENT (the last three need an extra of their name, as apical[wandb])."""


registry = tyro.constructors.ConstructorRegistry()


@registry.primitive_rule
def _value(info: tyro.constructors.PrimitiveTypeInfo):
    optional = typing.get_args(info.type)[1:] == (type(None),)
    kind: Any = typing.get_args(info.type)[0] if optional else info.type
    if not is_kind(kind):
        return None

    def read(args: list[str]) -> Any:
        try:
            return None if optional and args[0] in ("none", "None") else parse(kind, args[0])
        except UsageError as error:
            raise ValueError(str(error).removeprefix(f"{kind.name}: ")) from None

    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="{" + ",".join(sorted(concrete(kind)) + ["none"] * optional) + "}",
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, kind) or (optional and value is None),
        str_from_instance=lambda value: ["none" if value is None else spell(value)],
    )


@registry.primitive_rule
def _values(info: tyro.constructors.PrimitiveTypeInfo):
    """Any number of values; as one primitive, so that a mistake in one of them is told."""
    item, *rest = typing.get_args(info.type) or (None,)
    if typing.get_origin(info.type) is not tuple or rest != [...] or not is_kind(item):
        return None
    kind: Any = item

    def read(args: list[str]) -> Any:
        try:
            return tuple(_nth(kind, i, text) for i, text in enumerate(args, 1))
        except UsageError as error:
            raise ValueError(str(error)) from None

    return tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="{"
        + ",".join([*sorted(concrete(kind)), *["NUMBER"] * bool(kind.number)])
        + "} ...",
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda value: [words(item) for item in value],
    )


def _nth(kind: type, position: int, text: str) -> Any:
    """One of several values; a mistake says which."""
    try:
        return parse(kind, text)
    except UsageError as error:
        what = str(error).removeprefix(f"{text}: ")
        raise UsageError(f"number {position}, {text}: {what}") from None


@registry.primitive_rule
def _space(info: tyro.constructors.PrimitiveTypeInfo):
    """Pairs of a name and a range."""
    if info.type != Space:
        return None

    def read(args: list[str]) -> Space:
        if len(args) % 2:
            raise ValueError(f"expected pairs of a name and a range, found {args[-1]!r} alone")
        try:
            names = [name.replace("-", "_") for name in args[::2]]
            for name in names:
                if names.count(name) > 1:
                    raise UsageError(f"{name} is given twice; leave one out")
            return {name: parse(Range, text) for name, text in zip(names, args[1::2], strict=True)}
        except UsageError as error:
            raise ValueError(str(error)) from None

    return tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="NAME {" + ",".join(sorted(concrete(Range))) + "} ...",
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=lambda value: [w for k, v in value.items() for w in (k, spell(v))],
    )


@registry.primitive_rule
def _duration(info: tyro.constructors.PrimitiveTypeInfo):
    if info.type not in (Duration, Duration | None):
        return None

    def read(args: list[str]) -> Duration:
        try:
            return Duration.parse(args[0])
        except UsageError as error:
            raise ValueError(str(error)) from None

    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="{8m,90s,1h30m,...}",
        instance_from_str=read,
        is_instance=lambda value: value is None or isinstance(value, Duration),
        str_from_instance=lambda value: ["none" if value is None else str(value)],
    )


def _with_one_name(args: list[str]) -> list[str]:
    """`--net` is another name of `--hidden`. Raises `UsageError` if both are given."""
    flags = [arg.partition("=")[0] for arg in args]
    if "--net" in flags and "--hidden" in flags:
        raise UsageError(
            "hidden, net: both name the hidden layers, from the input up; give one of them"
        )
    return [re.sub("^--net(?=$|=)", "--hidden", arg) for arg in args]


def cli(function: Callable[..., T], args: list[str], prog: str) -> T:
    """As `terminal.call`, for a function that takes apical's values."""
    return call(function, _with_one_name(args), prog, registry)


def pick_rule(args: list[str], prog: str) -> tuple[type[Rule], list[str]]:
    """The rule that is named first, and the arguments that remain."""
    yours = extensions.classes(Rule)  # type: ignore[type-abstract]
    rules = {rule.name: rule for rule in (*RULES, *yours)}
    name, rest = pick(args, {name: _first_line(rule) for name, rule in rules.items()}, "rule", prog)
    if name.endswith(".py"):
        raise UsageError(f"{name}: which of its rules? name a class, as in {name}:MyRule")
    if name not in rules:
        raise UsageError(unknown("rule", name, rules, "`apical train --help` lists all"))
    return rules[name], rest


def _first_line(cls: type[Rule]) -> str:
    """The first line of the rule's docstring."""
    return (cls.__doc__ or "").strip().splitlines()[0]
