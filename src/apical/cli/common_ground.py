"""Whether a rule of a comparison can take the settings that all of them share."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax

from apical.data import Dataset
from apical.errors import UsageError
from apical.rules import Rule
from apical.settings import Settings
from apical.training.train import Task
from apical.values import spell_field

ASKED = ("hidden", "net", "target", "epochs", "steps_per_epoch")
"""Settings of task, size and budget, which no rule insists on."""


def accept(rule: Rule, data: Dataset, settings: Settings) -> None:
    """Raise `UsageError` if the rule refuses the settings, with those that it would take."""
    try:
        _build(rule, data, settings)
    except UsageError as error:
        its_own = _recipe(rule, settings)
        # What its recipe does not cure, such as too many classes, is told first.
        _build(rule, data, dataclasses.replace(settings, **its_own))
        raise UsageError(
            f"compare: all rules train with the same settings, and {rule.name} refuses these "
            f"({error}); it takes those of its recipe, so compare with {_flags(its_own)}"
        ) from None


def _build(rule: Rule, data: Dataset, settings: Settings) -> None:
    task = Task(rule, data, settings)
    jax.eval_shape(lambda: task.begin(0))


def _recipe(rule: Rule, settings: Settings) -> dict[str, Any]:
    """What the rule's recipe has otherwise."""
    found = {f.name: getattr(rule.recipe, f.name) for f in dataclasses.fields(settings)}
    return {
        name: value
        for name, value in found.items()
        if name not in ASKED and value != getattr(settings, name)
    }


def _flags(settings: dict[str, Any]) -> str:
    """As the command line takes them."""
    flags = []
    for name, value in settings.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, Mapping):
            flags.append(" ".join([f"--{flag}", *(f"{k} {v}" for k, v in value.items())]))
        else:
            flags.append(f"--{flag} {'None' if value is None else spell_field(value)}")
    return " ".join(flags)
