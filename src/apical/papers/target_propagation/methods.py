"""The ten methods of Table 1, and the settings that each of them runs with.

Where we searched (`searched.py`), on the network itself or on its like, those are ours, and else
the paper's best of Table 5. What is missing there is taken from a method's like: AO-SDTP, which
has no column in Table 5, has what SDTP has until it is searched itself.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from apical.networks.activations import tanh
from apical.papers.target_propagation.networks import SETUPS
from apical.papers.target_propagation.searched import winner
from apical.rules import AOSDTP, BP, DFA, DTP, FA, SDTP, Rule
from apical.rules.target_propagation.inverses import Denoising, NoisePreserving
from apical.settings import Settings
from apical.settings.turns import Alternation, ByEpoch
from apical.values.ranges import Space
from apical.values.spelling import decode

TUNED = (
    "lr", "optimizer_args", "learned_lr", "learned_optimizer_args", "schedule", "alternate",
)  # fmt: skip
"""The settings that a search finds, or that its last round and the method set."""
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Method:
    """A row of Table 1."""

    rule: type[Rule]
    alternate: Alternation | None = None
    convolutional: bool = False
    tuned_as: str | None = None
    """The method whose settings it takes where it has none of its own."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the rule that are the method's and not to be searched."""
    draws: int = 16
    """Of a search; three times as many where no inverse is learned, in a third of the time."""


METHODS = {
    "dtp-parallel": Method(DTP),
    "dtp-alternating": Method(DTP, ByEpoch()),
    "sdtp-parallel": Method(SDTP),
    "sdtp-alternating": Method(SDTP, ByEpoch()),
    "ao-sdtp-parallel": Method(AOSDTP, tuned_as="sdtp-parallel"),
    "ao-sdtp-alternating": Method(AOSDTP, ByEpoch(), tuned_as="sdtp-alternating"),
    "fa": Method(FA, draws=48),
    "dfa": Method(DFA, draws=48),
    "bp": Method(BP, draws=48),
    "bp-conv": Method(BP, convolutional=True, tuned_as="bp"),
}
TO_THE_LETTER = {"step": 1.0, "output_inverse": tanh}
"""SDTP's whole step, and an inverse of the output with the hidden activation."""
UNDAMPED = {
    "sdtp-parallel-undamped": Method(SDTP, given=TO_THE_LETTER),
    "sdtp-alternating-undamped": Method(SDTP, ByEpoch(), given=TO_THE_LETTER),
    "sdtp-alternating-undamped-wide": Method(SDTP, ByEpoch(), given=TO_THE_LETTER),
}
"""SDTP as the paper has it, where Table 1's rows here are damped; `wide`: as a search found it that
has all of Table 5's values within its ranges."""
ALL = METHODS | UNDAMPED


def configured(setup: str, name: str) -> tuple[Rule, Settings]:
    """The rule and the settings of a cell: searched, for itself or for its like, or published."""
    method = ALL[name]
    networks, methods = _or(setup, SETUPS[setup].tuned_as), _or(name, method.tuned_as)
    for network, like in product(networks, methods):
        found = winner(network, like)
        if found is not None:
            rule, settings = decode(found["rule"]), Settings.from_json(found["settings"])
            tuned = {field: getattr(settings, field) for field in TUNED}
            return method.rule(**vars(rule)), replace(_base(setup, name), **tuned)
    return published(setup, name)


def unsearched(setup: str, name: str) -> tuple[Rule, Settings, Space]:
    """What a search of a cell begins with, and what it draws."""
    method = ALL[name]
    rule = method.rule(**method.given)
    settings = replace(_base(setup, name), alternate=method.alternate, record_test=False)
    return rule, settings, {k: span for k, span in rule.space.items() if k not in method.given}


def published(setup: str, name: str) -> tuple[Rule, Settings]:
    """The paper's best values, with the other settings of the setup."""
    method = ALL[name]
    table = _table_5()
    columns = _or(name.partition("-undamped")[0], method.tuned_as)
    row = next(table[setup, column] for column in columns if (setup, column) in table)
    settings = replace(
        _base(setup, name),
        lr=row["lr"],
        optimizer_args={key: row[key] for key in ("b1", "b2", "eps")},
    )
    if method.rule in (FA, DFA, BP):
        return method.rule(), settings
    settings = replace(
        settings,
        learned_lr=row["learned_lr"],
        learned_optimizer_args={key: row[f"learned_{key}"] for key in ("b1", "b2", "eps")},
        alternate=method.alternate,
    )
    if method.rule is DTP:
        return DTP(alpha=row["alpha"], inverse=NoisePreserving(row["sigma"])), settings
    return method.rule(inverse=Denoising(row["sigma"]), **method.given), settings


def _or(own: str, like: str | None) -> tuple[str, ...]:
    return (own,) if like is None else (own, like)


def _base(setup: str, name: str) -> Settings:
    chosen = SETUPS[setup]
    return chosen.convolutional if ALL[name].convolutional else chosen.settings


def _table_5() -> dict[tuple[str, str], dict[str, float]]:
    with (FOLDER / "table-5.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        (row.pop("cell"), row.pop("method")): {k: float(v) for k, v in row.items() if v}
        for row in rows
    }
