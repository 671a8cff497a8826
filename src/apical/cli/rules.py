"""`apical rules`: what rules there are, and what is known of one."""

import dataclasses
import inspect
from typing import Annotated

import tyro
from rich.console import Console

from apical.cli.support import terminal
from apical.cli.support.flags import cli
from apical.cli.support.rules_of import rule_of
from apical.errors import UsageError
from apical.feedback.feedback import Transport
from apical.rules import RULES, Rule
from apical.settings import Settings
from apical.values.arguments import flags
from apical.values.spelling import spell

READS = {
    Transport.NONE: "no forward weights above a layer",
    Transport.SIGNS: "the signs of the forward weights above",
    Transport.WEIGHTS: "the forward weights above",
}
CLAIMS = {
    "gradient": "its pseudo-gradients are the loss's gradient",
    "error_driven": "no output error, no change",
    "independent": "a batch's pseudo-gradient is the mean of its examples'",
    "settles": "its signals come from dynamics of its own",
    "derivative_free": "it reads no derivative of hidden activations",
    "memoryless": "nothing of earlier minibatches, but through what it learns",
    "local": "a weight's change depends on its two units and the example's label alone",
    "label_free": "its pseudo-gradients do not depend on labels",
}
"""By the names of `Traits`, what is claimed where one is true."""


def main(args: list[str]) -> None:
    cli(rules, args, "apical rules")


def rules(
    name: Annotated[str | None, tyro.conf.Positional] = None,
    cost: bool = False,
) -> None:
    """List the rules; of one that is named, its equation, claims, recipe and what a search draws.

    Args:
        name: A rule as `fa`, with its fields as `fa:frsf`, or of a file of yours as
            `mine.py:MyRule`.
        cost: Also what a step costs beside bp's, at the recipe, on images like MNIST's; compiles
            both.
    """
    console = terminal.console()
    if name is None:
        if cost:
            raise UsageError("cost: of one rule; name it, as in: apical rules dtp --cost")
        shown = terminal.table("rule", "what it is", "its signals read")
        for each in RULES:
            told = (each.__doc__ or "").strip().splitlines()[0]
            shown.add_row(each.name, told, READS[each().traits.transport])
        console.print(shown)
        console.print("`apical rules NAME` tells more, `apical audit NAME` measures it.")
        return
    rule = rule_of(name)
    _tell(rule, console)
    if cost:
        _tell_cost(rule, console)


def _tell(rule: Rule, console: Console) -> None:
    traits = rule.traits
    claims = [f"its teaching signals read {READS[traits.transport]}"]
    claims += [text for trait, text in CLAIMS.items() if getattr(traits, trait)]
    command = ["apical train", spell(rule), *flags(rule.recipe, Settings())]
    parts = {
        "Claims, which the tests and `apical audit` hold it to": claims,
        "Recipe, which `apical train` takes unless told otherwise": [
            " ".join(command[2:]) or "the settings that any rule begins with"
        ],
        "Space, which `apical search` draws from": [
            f"{name} {spell(span)}" for name, span in rule.space.items()
        ],
    }
    console.print(terminal.bold(spell(rule), ""))
    console.print(inspect.cleandoc(type(rule).__doc__ or ""), soft_wrap=True, highlight=False)
    for heading, lines in parts.items():
        console.print(f"\n{heading}:", soft_wrap=True, highlight=False)
        for line in lines:
            console.print(f"  {line}", soft_wrap=True, highlight=False)
    console.print(f"\n`apical train {rule.name} --help` tells of every setting.", soft_wrap=True)


def _tell_cost(rule: Rule, console: Console) -> None:
    """Of images of zeros, which cost what any others do."""
    import numpy as np

    from apical.comparison.contestants import trouble
    from apical.data import from_arrays
    from apical.rules import BP
    from apical.training.cost import step_cost
    from apical.training.task import Task

    settings = dataclasses.replace(rule.recipe, steps_per_epoch=None)  # there are few images

    def images(classes: int):
        labels = np.arange(600) % classes
        return from_arrays(np.zeros((600, 28, 28), np.uint8), labels, name="zeros")

    data = images(10)
    if trouble(rule, data, settings) is not None:
        data = images(2)
    own, bp = (step_cost(Task(each, data, settings).trainer) for each in (rule, BP()))
    console.print(
        f"\nA step of {settings.batch_size} images at the recipe: {own.flops / bp.flops:.2f} times "
        f"bp's operations, {own.bytes / bp.bytes:.2f} times its memory.",
        soft_wrap=True, highlight=False,
    )  # fmt: skip
