"""`apical train RULE`: one rule on one data set."""

from collections.abc import Callable

from apical.cli.support import terminal
from apical.cli.support.flags import DataOptions, RunOptions, cli, pick_rule
from apical.rules import Rule
from apical.settings import Settings

PROG = "apical train"


def main(args: list[str]) -> None:
    cls, rest = pick_rule(args, PROG)
    cli(_command(cls), rest, f"{PROG} {cls.name}")


def _command(cls: type[Rule]) -> Callable[..., None]:
    """A function whose signature is the rule's own: its class and its recipe."""

    def command(rule, settings, data, running) -> None:
        # What training needs is imported only now, so that --help answers sooner.
        from apical.cli.support.console import run

        run(rule, data.load(), settings, running, terminal.console())

    command.__doc__ = f"Train by {cls.name} and report the score on every split."
    command.__annotations__ = {
        "rule": cls, "settings": Settings, "data": DataOptions, "running": RunOptions,
    }  # fmt: skip
    command.__defaults__ = (cls(), cls.recipe, DataOptions(), RunOptions())
    return command
