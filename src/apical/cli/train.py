"""`apical train RULE`: one rule on one data set."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apical.cli.support import terminal
from apical.cli.support.flags import DataOptions, RunOptions, cli, pick_rule
from apical.cli.support.hosts import HostOptions, joined
from apical.rules import Rule
from apical.settings import Settings

if TYPE_CHECKING:
    from apical.training.first_layer import FirstLayer

PROG = "apical train"


@dataclass(frozen=True)
class Beginning:
    """What the network begins as."""

    init_from: Path | None = None
    """Folder of a finished run of `apical generate train` on the same data: the first hidden layer
    begins with its encoder's weights and biases, of the same seed if the run has several. None: all
    weights are drawn."""

    def first_layer(self) -> "FirstLayer | None":
        if self.init_from is None:
            return None
        from apical.generative.encoder_of import EncoderOf

        return EncoderOf(self.init_from)


def main(args: list[str]) -> None:
    cls, rest = pick_rule(args, PROG)
    cli(_command(cls), rest, f"{PROG} {cls.name}")


def _command(cls: type[Rule]) -> Callable[..., None]:
    """A function whose signature is the rule's own: its class and its recipe."""

    def command(rule, settings, data, beginning, running, hosts) -> None:
        with joined(hosts) as first:
            # What training needs is imported only now, so that --help answers sooner.
            from apical.cli.support.console import run

            console = terminal.console(not first)
            run(rule, data.load(), settings, running, console, beginning.first_layer())

    command.__doc__ = f"Train by {cls.name} and report the score on every split."
    command.__annotations__ = {
        "rule": cls, "settings": Settings, "data": DataOptions, "beginning": Beginning,
        "running": RunOptions, "hosts": HostOptions,
    }  # fmt: skip
    command.__defaults__ = (
        cls(),
        cls.recipe,
        DataOptions(),
        Beginning(),
        RunOptions(),
        HostOptions(),
    )
    return command
