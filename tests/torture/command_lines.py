"""Random command lines, right and wrong.

A line is right by its types: each option gets a word that its type can be read from, and a budget
of moments. Whether the words go together is for the command to say, in words. A wrong line is a
right one that was changed.
"""

import dataclasses
import random
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from apical.data.sources import SOURCES
from apical.reproduce import paper
from apical.rules import Rule
from apical.values.ranges import Range
from apical.values.value import concrete, is_kind
from tests.torture.belongings import GENERATIVE, IMAGES, TRAINED, Belongings
from tests.torture.ledger import Tried
from tests.torture.options import REQUIRED, Command, Option, commands
from tests.torture.promise import MANY_LINES, SILENT, broken
from tests.torture.sandbox import BROKEN_PIPE, Place, command, run
from tests.torture.surroundings import surround

RIGHT_LIMIT = 60.0
"""Seconds of computing in which a right line must end: its budget is moments."""
WRONG_LIMIT = 6.0
"""Seconds of computing after which a wrong line is stopped: it may train for long now."""
RIGHT = 0.15
"""The share of right lines."""
SURROUNDED = 0.1
"""The share of lines in odd surroundings."""

NUMBERS = ("0", "1", "-1", "0.5", "nan", "inf", "-inf", "1e400", "1e-400", "9" * 40, "1_0", "0x10")
JUNK = (
    *NUMBERS, "", " ", "-", "--", "None", "none", "null", "true", "ten", "{}", "[1]", "%s", "{0}",
    "é", "日本語", "\udcff", "\u202e", "a\nb", "\x1b[31m", "[bold]x[/bold]", "[/]", "x" * 3000,
    "x" * 300, ":", ",", "/", ":,=", "fc:", "fc:8,s", "lc:3x,2", "..", ".", "~", "*", "-h",
    "--help", "/dev/null", "/dev/full", "/proc/version", "nowhere", "nowhere/at/all", "grey.png",
    "runs", "runs/digits", "search", "config.json",
)  # fmt: skip
HUGE = ("65536", "1000000", "100000000", "10000000000", "9" * 19, "9" * 40)


def tries(rng: random.Random, place: Path, belongings: Belongings) -> Iterator[Tried]:
    """One command line."""
    asked = rng.choice(_by_name())(rng)
    argv, change, refused = right(asked, rng), "", False
    if rng.random() > RIGHT:
        argv, change, refused = wrong(argv, asked, rng)
    where = Place(place)
    around = surround(where, rng) if rng.random() < SURROUNDED else ""
    belongings.bring(argv, where)
    before = where.files()
    ended = run(command(argv), where, WRONG_LIMIT if change else RIGHT_LIMIT)
    found = broken(ended, MANY_LINES + sum(map(len, argv)) // 40)
    if where.output == BROKEN_PIPE and SILENT in found:  # whoever closed it knows
        found.remove(SILENT)
    if ended.late and not change:
        found.append("does not end in time")
    if refused and ended.code == 0:
        found.append("a mistake is accepted")
    found += [f"leaves {path}" for path in unasked(where, before, argv, asked)]
    name = " ".join(asked.words[: 1 + (asked.words[0] == "generate")])
    kind = f"{name}, {'wrong' if change else 'right'}"
    yield Tried(kind, argv, ended, found, f"{change} {around}".strip())


def _by_name() -> list[Callable[[random.Random], Command]]:
    """Draws of a command; each name of one is as likely, whether it takes rules or not."""
    names = dict.fromkeys(asked.words[0] for asked in commands())
    # Training has the most options by far, and `generate` is four commands.
    more = (*3 * ["train"], *3 * ["generate"], *2 * ["compare"], "search")
    return [_one_of(name) for name in (*names, *more)]


def _one_of(name: str) -> Callable[[random.Random], Command]:
    return lambda rng: rng.choice([asked for asked in commands() if asked.words[0] == name])


# Right lines


def right(asked: Command, rng: random.Random) -> list[str]:
    """A command line of the right types, with a small budget."""
    chosen = [option for option in asked.options if _is_asked(option, asked, rng)]
    if any(option.name == "net" for option in chosen):  # it takes the place of hidden
        chosen = [option for option in chosen if option.name != "hidden"]
    rng.shuffle(chosen)
    argv = list(asked.words)
    for option in chosen:
        if not option.positional:
            argv += _given(option, asked, rng)
    placed = [word for o in asked.options if o.positional for word in _given(o, asked, rng)]
    # Positional words first: behind a flag that takes any number of words they would be its own.
    return [*asked.words, *placed, *argv[len(asked.words) :]]


BUDGET = (
    "data", "hidden", "epochs", "steps_per_epoch", "batch_size", "trials", "dry_run", "samples",
)  # fmt: skip
"""What every right line says, so that it costs moments."""


def _is_asked(option: Option, asked: Command, rng: random.Random) -> bool:
    if option.default is REQUIRED:
        return True
    return option.name in BUDGET or rng.random() < 3 / len(asked.options)


def _given(option: Option, asked: Command, rng: random.Random) -> list[str]:
    """The words that give an option a value."""
    if option.hint is bool:
        yes = option.name in BUDGET or rng.random() < 0.7
        return [option.flag if yes else f"--no-{option.flag[2:]}"]
    words = _words(option.hint, option.name, asked, rng)
    return words if option.positional else [option.flag, *words]


def _words(hint: Any, name: str, asked: Command, rng: random.Random) -> list[str]:
    """Words that a type can be read from."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        some = [part for part in typing.get_args(hint) if part is not types.NoneType]
        if types.NoneType in typing.get_args(hint) and name not in BUDGET and rng.random() < 0.1:
            return ["none" if is_kind(some[0]) else "None"]
        return _words(some[0], name, asked, rng)
    if typing.get_origin(hint) is tuple:
        item, several = typing.get_args(hint)[0], rng.randint(1, 3)
        if known := _vocabulary(name, item, asked):
            return rng.sample(known, min(len(known), max(several, _LEAST.get(name, 1))))
        return [word for _ in range(several) for word in _words(item, name, asked, rng)]
    if typing.get_origin(hint) is typing.Literal:
        return [str(rng.choice(typing.get_args(hint)))]
    if isinstance(typing.get_origin(hint), type) and issubclass(
        typing.get_origin(hint), typing.Mapping
    ):
        return _pairs(typing.get_args(hint)[1], asked, rng)
    if is_kind(hint):
        return [spelled(hint, rng)]
    known = _vocabulary(name, hint, asked)
    return [rng.choice(known) if known else _number(hint, rng)]


_LEAST = {"classes": 2, "rules": 2}
"""How many of one kind there must be, where it is more than one."""


def _vocabulary(name: str, hint: Any, asked: Command) -> list[str]:
    """The words that mean something where any text is read; empty where numbers are."""
    if hint is Path:
        return _paths(name, asked)
    if name == "rules":
        return [*concrete(Rule)]
    if name == "only":
        return [claim.id for claim in paper.read(asked.words[1]).choose(())]
    known: dict[str, list[str]] = {
        "data": ["digits", "digits", "iris"]
        if asked.words[0] == "generate"
        else ["digits", "iris"],
        "names": [*SOURCES],
        "optimizer": ["adam", "sgd", "rmsprop", "adamw", "lion"],
        "learned_optimizer": ["adam", "sgd", "rmsprop"],
        "eps": ["8/255", "0.1", "1/2"],
        "epochs": ["1", "2"],
        "steps_per_epoch": ["1", "2"],
        "batch_size": ["1", "7", "20"],
        "trials": ["1", "2"],
        "seeds": ["1", "2"],
        "jobs": ["1"],
        "classes": [*"0123456789"],
        "count": ["1", "7", "120"],
        **({"samples": ["1", "7", "40"]} if asked.words == ("generate", "evaluate") else {}),
    }
    return known.get(name, [])


def _paths(name: str, asked: Command) -> list[str]:
    if name == "images":
        return [*IMAGES]
    if name in ("run", "runs", "transfer_from", "classifier"):
        generates = asked.words[0] == "generate" and name != "classifier"
        fitting, others = (GENERATIVE, TRAINED) if generates else (TRAINED, GENERATIVE)
        return [*fitting, *fitting, others[0]]
    if name == "init_from":
        return [*GENERATIVE, TRAINED[0]]
    if name == "searches":
        return ["search"]
    if asked.words in (("generate", "sample"), ("generate", "inpaint")):
        return ["figure.png", "new/numbers.npy"]
    if asked.words[0] in ("plot", "sensitivity"):
        return ["figure.png", "figure.svg", "new/figure.pdf"]
    return ["new", "new/out", "runs/digits"]


def _number(hint: type, rng: random.Random) -> str:
    if hint is int:
        return str(rng.randint(1, 8))
    return rng.choice(["0", "1e-3", "0.01", "0.1", "0.5", "0.9", "1", f"{rng.uniform(0, 2):.3g}"])


def _pairs(hint: Any, asked: Command, rng: random.Random) -> list[str]:
    """Names and what they are given: arguments of an optimizer, or ranges of numbers."""
    names = ["b1", "b2", "eps"]
    if hint is Range:
        names = ["optimizer_args.eps"] + [o.name for o in asked.options if o.hint in (int, float)]
    some = rng.sample(names, min(len(names), rng.randint(1, 2)))
    return [word for name in some for word in (name, *_words(hint, "", asked, rng))]


def spelled(kind: type, rng: random.Random) -> str:
    """A value of a kind, as one spells it: `uniform:0.1`, `lc:3x3,2,s2`, `7` for `fc:7`."""
    if getattr(kind, "number", "") and rng.random() < 0.5:
        return _number(int, rng)
    cls: Any = rng.choice([*concrete(kind).values()])
    hints, parts, named = typing.get_type_hints(cls), [], False
    fields = dataclasses.fields(cls)
    for field in sorted(fields, key=lambda field: bool(field.metadata.get("mark"))):
        if field.default is not dataclasses.MISSING and rng.random() < 0.5:
            named = True
            continue
        mark = field.metadata.get("mark")
        before = mark or (f"{field.name.replace('_', '-')}=" if named else "")
        parts.append(before + _part(hints[field.name], field, rng))
    return f"{cls.name}:{','.join(parts)}" if parts else cls.name


def _part(hint: Any, field: dataclasses.Field, rng: random.Random) -> str:
    if isinstance(hint, types.UnionType):
        (hint,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        item, between = typing.get_args(hint)[0], field.metadata.get("between", "/")
        return between.join(_part(item, field, rng) for _ in range(2))
    if is_kind(hint):
        return spelled(hint, rng)
    if hint is bool:
        return rng.choice(["true", "false"])
    return _number(hint, rng)


# Wrong lines

Change = Callable[[list[str], Command, random.Random], tuple[list[str], bool]]
"""A changed line, and whether it must be refused."""


def wrong(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], str, bool]:
    """A line that was changed once or more; how; and whether it must be refused."""
    names: list[str] = []
    refused = False
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(CHANGES)
        argv, surely = change(argv, asked, rng)
        # A later change may heal an earlier one.
        refused = surely and not names
        names.append(change.__name__.strip("_"))
    return argv, ", ".join(names), refused


def _drop(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    at = rng.randrange(len(argv))
    return argv[:at] + argv[at + 1 :], False


def _double(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    at = rng.randrange(len(argv))
    return [*argv[:at], argv[at], *argv[at:]], False


def _swap(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    argv, at, to = [*argv], rng.randrange(len(argv)), rng.randrange(len(argv))
    argv[at], argv[to] = argv[to], argv[at]
    return argv, False


def _replace(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    at = rng.randrange(len(argv))
    return [*argv[:at], rng.choice(JUNK), *argv[at + 1 :]], False


def _insert(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    at = rng.randint(1, len(argv))
    return [*argv[:at], rng.choice(JUNK), *argv[at:]], False


def _edit(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    """A slip of the finger."""
    at = rng.randrange(len(argv))
    word, where = argv[at], rng.randint(0, len(argv[at]))
    slip = rng.choice(["", "", "x", "-", ":", ",", "=", "/", ".", "0", "é", " "])
    return [*argv[:at], word[:where] + slip + word[where + 1 :], *argv[at + 1 :]], False


def _glue(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    """`--flag=word`"""
    at = rng.randrange(len(argv))
    return [*argv[:at], "=".join(argv[at : at + 2]), *argv[at + 2 :]], False


def _unknown_flag(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    return [*argv, rng.choice(["--no-such-flag", "--lrr", "--é", "-z"])], True


def _unknown_word(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    at = rng.randrange(len(asked.words))
    return [*argv[:at], rng.choice(["trian", "f a", "é", "[/]"]), *argv[at + 1 :]], True


def _any_junk(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    """Junk for any option."""
    if not asked.options:
        return [*argv, rng.choice(JUNK)], False
    return [*argv, rng.choice(asked.options).flag, rng.choice(JUNK)], False


def _no_number(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    """Text where a number must be."""
    numbers = [o for o in asked.options if o.hint in (int, float) and not o.positional]
    if not numbers:
        return argv, False
    return [*argv, rng.choice(numbers).flag, rng.choice(["ten", "", "1,5", "--", "0x10"])], True


def _odd_number(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    """A number that is none, or out of its range."""
    numbers = [o for o in asked.options if not o.positional and _is_numeric(o.hint)]
    if not numbers:
        return argv, False
    option = rng.choice(numbers)
    pool = HUGE if rng.random() < 0.3 else NUMBERS
    return [*argv, option.flag, rng.choice(pool)], False


def _is_numeric(hint: Any) -> bool:
    return hint in (int, float) or any(map(_is_numeric, typing.get_args(hint)))


def _odd_value(argv: list[str], asked: Command, rng: random.Random) -> tuple[list[str], bool]:
    """A value of a kind with one of its fields spoiled."""
    kinds = [o for o in asked.options if is_kind(o.hint)]
    if not kinds:
        return argv, False
    option = rng.choice(kinds)
    word = spelled(option.hint, rng)
    head, _, rest = word.partition(":")
    parts = rest.split(",") if rest else []
    parts[rng.randint(0, len(parts)) :] = [rng.choice(JUNK)]
    return [*argv, option.flag, f"{head}:{','.join(parts)}"], False


CHANGES: tuple[Change, ...] = (
    _drop, _double, _swap, _replace, _insert, _edit, _glue, _unknown_flag, _unknown_word, _any_junk,
    _no_number, _odd_number, _odd_value,
)  # fmt: skip


# What a line leaves behind


def unasked(place: Place, before: set[Path], argv: list[str], asked: Command) -> list[str]:
    """New files that lie below nothing that the line names."""
    words = [*argv, *(part for word in argv for part in word.split("="))]
    words += [str(option.default) for option in asked.options if isinstance(option.default, Path)]
    named = [(place.work / word).resolve() for word in words if len(word) < 255]
    named.append(place.home / ".cache" / "apical")
    new = place.files() - before - {place.path / "stdout", place.path / "stderr"}
    return [
        str(path.relative_to(place.path))
        for path in sorted(new)
        if not any(path.resolve().is_relative_to(name) for name in named)
    ]
