"""`apical train RULE`: one rule on one data set."""

import sys
from collections.abc import Callable

from apical.cli.options import DataOptions, RunOptions
from apical.cli.parsing import cli, pick
from apical.errors import UsageError
from apical.rules import RULES, Rule
from apical.settings import Settings
from apical.suggest import unknown

PROG = "apical train"


def main(args: list[str]) -> None:
    rules = {rule.name: rule for rule in RULES}
    summaries = {name: _first_line(rule) for name, rule in rules.items()}
    name, rest = pick(args, summaries, "rule", PROG)
    if name not in rules:
        raise UsageError(unknown("rule", name, rules))
    cli(_command(rules[name]), rest, f"{PROG} {name}")


def _command(cls: type[Rule]) -> Callable[..., None]:
    """A function whose signature is the rule's own: its class and its recipe."""

    def command(rule, settings, data, running) -> None:
        # What training needs is imported only now, so that --help answers sooner.
        from rich.console import Console

        from apical.cli.running import run

        run(rule, data.load(), settings, running, Console())

    command.__doc__ = f"Train by {cls.name} and report accuracies on every split."
    command.__annotations__ = {
        "rule": cls, "settings": Settings, "data": DataOptions, "running": RunOptions,
    }  # fmt: skip
    command.__defaults__ = (cls(), cls.recipe, DataOptions(), RunOptions())
    return command


def _first_line(cls: type[Rule]) -> str:
    """The headline of the rule's file."""
    return (sys.modules[cls.__module__].__doc__ or "").strip().splitlines()[0]
