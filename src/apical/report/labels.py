"""Labels of compared rules and runs in tables and legends: no more than tells them apart."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from apical.errors import UsageError
from apical.networks.targets import Target
from apical.runs.reading import learned_by
from apical.values.spelling import decode, spell_field
from apical.values.value import Value


class Configured(Protocol):
    """A run or a search: a folder, and the rule, data and settings that it was asked for."""

    @property
    def path(self) -> Path: ...

    @property
    def config(self) -> dict[str, Any]: ...


def rule_labels(rules: Sequence[Value]) -> list[str]:
    """The label of each rule: its name, and those fields in which rules of that name differ.

    !!! example

        >>> from apical import BP, FA, FRSF
        >>> rule_labels([BP(), FA(), FA(FRSF())])
        ['bp', 'fa feedback=fixed-random', 'fa feedback=frsf']
    """
    return _told_apart([rule.name for rule in rules], [_fields(rule) for rule in rules])


def run_labels(runs: Sequence[Configured]) -> list[str]:
    """The labels of runs or searches.

    Those of equal rules are told apart by the settings that differ, or else by folder.
    """
    labels = rule_labels([learned_by(run.path, run.config) for run in runs])
    for details in (_settings, _folder):
        labels = _told_apart(labels, [details(run) for run in runs])
    return labels


def shared_target(runs: Sequence[Configured]) -> Target:
    """The target that all were trained towards, whose score the figures show.

    Raises `UsageError` if there are several: their scores have no scale in common.
    """
    targets = {_target(run): run for run in runs}
    if len(targets) > 1:
        (ours, one), (theirs, other), *_ = targets.items()
        raise UsageError(
            f"{one.path} is scored by {ours.score}, {other.path} by {theirs.score}, which have no "
            "scale in common; draw them apart"
        )
    return next(iter(targets))


def _target(run: Configured) -> Target:
    return decode(run.config["settings"]["target"])


def _fields(rule: Value) -> dict[str, str]:
    return {f.name: spell_field(getattr(rule, f.name)) for f in dataclasses.fields(rule)}


def _settings(run: Configured) -> dict[str, str]:
    settings = {key: spell_field(decode(value)) for key, value in run.config["settings"].items()}
    return {"data": run.config["data"]["name"], **settings}


def _folder(run: Configured) -> dict[str, str]:
    return {"folder": str(run.path)}


def _told_apart(names: Sequence[str], details: Sequence[Mapping[str, str]]) -> list[str]:
    """Names with `key=value` for each detail in which those of the same name differ."""
    told = []
    for name, own in zip(names, details, strict=True):
        others = [d for n, d in zip(names, details, strict=True) if n == name]
        differing = (k for k in own if any(d.get(k) != own[k] for d in others))
        told.append(" ".join([name, *(f"{key}={own[key]}" for key in differing)]))
    return told
