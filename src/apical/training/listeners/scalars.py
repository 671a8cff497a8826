"""What trackers take of an epoch: numbers by their names, and texts of a configuration."""

import math
from collections.abc import Mapping
from typing import Any

from apical.values.spelling import decode, spell_field

APART = ("seed", "epoch")
"""Of a row: what says whose numbers it has."""


def scalars(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a row that are finite, those within lists by their layer.

    !!! example

        >>> scalars({"seed": 0, "val_loss": 0.5, "alignment": {"cosine": [1.0, float("nan")]}})
        {'val_loss': 0.5, 'alignment/cosine/layer-1': 1.0}
    """
    return {name: value for name, value in _flat(metrics) if _finite(value)}


def _flat(metrics: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in metrics.items():
        name = prefix + key
        if name in APART:
            continue
        if isinstance(value, list):
            value = {f"layer-{l}": inner for l, inner in enumerate(value, start=1)}
        found += _flat(value, f"{name}/") if isinstance(value, Mapping) else [(name, value)]
    return found


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def finals(summary: Mapping[str, Any]) -> dict[int, dict[str, float]]:
    """Each seed's numbers at its end, as `final/test_accuracy`, from the summary of a run."""
    found: dict[int, dict[str, float]] = {seed: {} for seed in summary["seeds"]}
    for key, value in summary.items():
        if isinstance(value, Mapping) and "list" in value:
            for seed, number in zip(summary["seeds"], value["list"], strict=True):
                if _finite(number):
                    found[seed][f"final/{key}"] = number
    return found


def texts(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A configuration as texts by their names, each value as the command line spells it.

    !!! example

        >>> texts({"rule": {"type": "FA"}, "settings": {"lr": 0.1, "hidden": []}})
        {'rule': 'fa', 'settings.lr': '0.1', 'settings.hidden': ''}
    """
    found: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and "type" not in value:
            found |= texts(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = spell_field(decode(value))
    return found
