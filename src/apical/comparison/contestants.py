"""Who takes part in a comparison, and at which settings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax

from apical.data import Dataset
from apical.errors import UsageError
from apical.report.labels import rule_labels
from apical.rules import BP, Rule
from apical.settings import Settings
from apical.training.task import Task, sized
from apical.tuning.space import SETTINGS
from apical.values.ranges import Log, Space
from apical.values.spelling import spell

ASKED = ("hidden", "target", "epochs", "stop", "steps_per_epoch")
"""Settings of task, size and budget, which no rule insists on."""


@dataclass(frozen=True)
class Contestant:
    """A rule at some settings; with the others at the same terms it makes pairs, seed by seed."""

    label: str
    rule: Rule
    settings: Settings
    terms: str = ""
    """Whose settings they are, if not those that were asked for: the label of the rule that takes
    no others."""

    @property
    def folder(self) -> str:
        """Its folder's name: the rule's spelling with what parts it replaced by `-`."""
        return re.sub("[:/ =@]+", "-", self._spelled)

    @property
    def _spelled(self) -> str:
        own = not self.terms or self.label == self.terms
        return spell(self.rule) if own else f"{spell(self.rule)}-at-{self.terms}"


def gather(rules: Sequence[Rule], data: Dataset, settings: Settings) -> list[Contestant]:
    """Every rule at the settings; one that refuses them at its own, and with it BP.

    What was asked of task, size and budget holds for all. Rules that take the same settings of
    their own share their BP.

    **Raises:** `UsageError` for a rule that refuses the settings of its recipe too, such as for too
    many classes.
    """
    shared: list[Contestant] = []
    apart: list[Contestant] = []
    for rule, label in zip(rules, rule_labels(rules), strict=True):
        if trouble(rule, data, settings) is None:
            shared.append(Contestant(label, rule, sized(settings, rule.recipe, data)))
            continue
        own = sized(_with_recipe(rule, settings), rule.recipe, data)
        if error := trouble(rule, data, own):
            raise error
        peers = [c for c in apart if c.settings == own]
        terms = peers[0].terms if peers else label
        if not peers and not isinstance(rule, BP):
            apart.append(Contestant(f"{BP.name}@{label}", BP(), own, terms))
        apart.append(Contestant(label, rule, own, terms))
    return shared + apart


def trouble(rule: Rule, data: Dataset, settings: Settings) -> UsageError | None:
    """Why the rule refuses the settings, known before anything trains; None if it takes them."""
    try:
        task = Task(rule, data, settings)
        jax.eval_shape(lambda: task.begin(0))
    except UsageError as error:
        return error
    return None


def reference(contestants: Sequence[Contestant], of: Contestant) -> Contestant:
    """The one that a contestant is set against: the first at its terms."""
    return next(c for c in contestants if c.terms == of.terms)


def space(contestant: Contestant, others: Sequence[Contestant]) -> Space:
    """What tuning searches: the rule's space.

    Where its settings have another optimizer than its recipe, the numbers of the optimizer are not
    those of its space but of that of a rule at the same terms whose recipe has this optimizer, or a
    factor of ten below and above the learning rate that was asked for.
    """
    rule, settings = contestant.rule, contestant.settings
    if rule.recipe.optimizer == settings.optimizer:
        return rule.space
    own = {name: span for name, span in rule.space.items() if name.split(".")[0] not in SETTINGS}
    for other in others:
        known = other.rule.recipe.optimizer == settings.optimizer
        if known and other.terms == contestant.terms:
            given = other.rule.space
            return own | {n: s for n, s in given.items() if n.split(".")[0] in _NETWORKS}
    return own | {"lr": Log(settings.lr / 10, settings.lr * 10)}


_NETWORKS = ("lr", "optimizer_args")


def _with_recipe(rule: Rule, settings: Settings) -> Settings:
    """The settings with all of the rule's recipe that is not for the user to say."""
    asked: dict[str, Any] = {name: getattr(settings, name) for name in ASKED}
    return replace(rule.recipe, **asked)
