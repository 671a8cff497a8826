"""`apical train RULE`: one rule on one data set."""

from functools import partial

from rich.console import Console

from apical.cli.options import DataOptions, RunOptions
from apical.cli.parsing import cli, pick
from apical.cli.running import run
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


def _command(cls: type[Rule]):
    def command(
        rule: Rule,
        settings: Settings = cls.recipe,
        data: DataOptions = DataOptions(),
        options: RunOptions = RunOptions(),
    ) -> None:
        run(rule, data.load(), settings, options, Console())

    command.__doc__ = cls.__doc__
    command.__annotations__["rule"] = cls
    command.__defaults__ = (cls(), *command.__defaults__[0:])
    return command


def _first_line(cls: type[Rule]) -> str:
    return (__import__(cls.__module__, fromlist=["_"]).__doc__ or "").strip().splitlines()[0]
