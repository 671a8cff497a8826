"""`apical rules`: what rules there are, and what is known of one."""

import dataclasses
import inspect
import math
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
from apical.values import extensions
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
MEANING = {
    "Claims": "which the tests and `apical audit` hold it to",
    "Recipe": "which `apical train` takes unless told otherwise",
    "Space": "which `apical search` draws from",
}
"""Of the headings below which a rule is told."""


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
        yours = extensions.classes(Rule)  # type: ignore[type-abstract]
        for each in (*RULES, *yours):
            told = (each.__doc__ or "").strip().splitlines()[0]
            shown.add_row(each.name, told, READS[each().traits.transport])
        console.print(shown)
        console.print("`apical rules NAME` tells more, `apical audit NAME` measures it.")
        return
    rule = rule_of(name)
    _tell(rule, console)
    if cost:
        _tell_cost(rule, console)


def known(rule: Rule) -> dict[str, list[str]]:
    """What is claimed and recommended of a rule: lines below each heading.

    !!! example

        >>> from apical import BP
        >>> [*known(BP())]
        ['Claims', 'Recipe', 'Space']
        >>> known(BP())["Claims"][1]
        "its pseudo-gradients are the loss's gradient"
    """
    traits = rule.traits
    claims = [f"its teaching signals read {READS[traits.transport]}"]
    claims += [text for trait, text in CLAIMS.items() if getattr(traits, trait)]
    recipe = " ".join(flags(rule.recipe, Settings()))
    return {
        "Claims": claims,
        "Recipe": [recipe or "the settings that any rule begins with"],
        "Space": [f"{name} {spell(span)}" for name, span in rule.space.items()],
    }


def _tell(rule: Rule, console: Console) -> None:
    console.print(terminal.bold(spell(rule), ""))
    console.print(inspect.cleandoc(type(rule).__doc__ or ""), soft_wrap=True, highlight=False)
    for heading, lines in known(rule).items():
        console.print(f"\n{heading}, {MEANING[heading]}:", soft_wrap=True, highlight=False)
        for line in lines:
            console.print(f"  {line}", soft_wrap=True, highlight=False)
    console.print(f"\n`apical train {rule.name} --help` tells of every setting.", soft_wrap=True)


def _tell_cost(rule: Rule, console: Console) -> None:
    operations, memory = cost_beside_bp(rule)
    parts = [f"{operations:.2f} times bp's operations"] * math.isfinite(operations)
    parts.append(f"{memory:.2f} times bp's memory")
    console.print(
        f"\nA step of {rule.recipe.batch_size} images at the recipe: {', '.join(parts)}.",
        soft_wrap=True, highlight=False,
    )  # fmt: skip


def cost_beside_bp(rule: Rule) -> tuple[float, float]:
    """Operations and memory of a step at the rule's recipe, over those of bp at the same settings.

    Of images of zeros like MNIST's, which cost what any others do. Compiles both, and runs neither.
    Operations of dynamics that settle are nan.
    """
    import numpy as np

    from apical.comparison.contestants import trouble
    from apical.data import from_arrays
    from apical.rules import BP
    from apical.training.cost import rule_cost

    settings = dataclasses.replace(rule.recipe, steps_per_epoch=None)  # there are few images

    def images(classes: int):
        labels = np.arange(600) % classes
        return from_arrays(np.zeros((600, 28, 28), np.uint8), labels, name="zeros")

    data = images(10)
    if trouble(rule, data, settings) is not None:
        data = images(2)
    own, bp = (rule_cost(each, data, settings) for each in (rule, BP()))
    return own.flops / bp.flops, own.bytes / bp.bytes
