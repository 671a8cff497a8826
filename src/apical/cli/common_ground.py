"""Whether a rule of a comparison can take the settings that all of them share."""

import dataclasses

import jax

from apical.cli.spelling import flags
from apical.data import Dataset
from apical.errors import UsageError
from apical.rules import Rule
from apical.settings import Settings
from apical.training.task import Task

ASKED = ("hidden", "net", "target", "epochs", "steps_per_epoch")
"""Settings of task, size and budget, which no rule insists on."""


def accept(rule: Rule, data: Dataset, settings: Settings) -> None:
    """Raise `UsageError` if the rule refuses the settings, with those that it would take."""
    try:
        _build(rule, data, settings)
    except UsageError as error:
        cured = _with_recipe(rule, settings)
        # What its recipe does not cure, such as too many classes, is told first.
        _build(rule, data, cured)
        wanted = " ".join(flags(cured, settings))
        raise UsageError(
            f"compare: all rules train with the same settings, and {rule.name} refuses these "
            f"({error}); it takes those of its recipe, so compare with {wanted}"
        ) from None


def _build(rule: Rule, data: Dataset, settings: Settings) -> None:
    task = Task(rule, data, settings)
    jax.eval_shape(lambda: task.begin(0))


def _with_recipe(rule: Rule, settings: Settings) -> Settings:
    """The settings with all of the rule's recipe that is not for the user to say."""
    asked = {name: getattr(settings, name) for name in ASKED}
    return dataclasses.replace(rule.recipe, **asked)
