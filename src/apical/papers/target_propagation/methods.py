"""The methods of Table 1, our variants of some, and the settings that each of them runs with.

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

from apical.feedback import Regenerated
from apical.networks.activations import tanh
from apical.papers.target_propagation.budget import THRICE, WIDE, Search
from apical.papers.target_propagation.networks import SETUPS
from apical.papers.target_propagation.searched import winner
from apical.rules import AOSDTP, BP, DFA, DTP, FA, SDTP, Rule
from apical.rules.target_propagation.inverses import Averaged, Denoising, NoisePreserving, Summed
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
    """What a row of Table 1 is run with, or a variant of one."""

    rule: type[Rule]
    alternate: Alternation | None = None
    convolutional: bool = False
    tuned_as: str | None = None
    """The method whose settings it takes where it has none of its own."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the rule that are the method's and not to be searched."""
    search: Search = Search()
    column: str | None = None
    """The column of Table 5 whose values it has in `published`; None: that of its own name."""


TO_THE_LETTER = {"step": 1.0, "output_inverse": tanh}
"""The whole step, and an inverse of the output with the hidden activation."""
FORMS = {"summed": Summed(), "averaged": Averaged()}
"""The two forms of a local loss; the paper does not say which is its own."""
LABEL_INVERSES: dict[str, type[Rule]] = {"sdtp": SDTP, "ao-sdtp": AOSDTP}
WAYS: dict[str, Alternation | None] = {"parallel": None, "alternating": ByEpoch()}


def _letter(rule: type[Rule], way: str, form: str, search: Search = WIDE) -> Method:
    """SDTP or AO-SDTP as the paper has it; AO-SDTP has no column of its own in Table 5."""
    given = TO_THE_LETTER | {"local": FORMS[form]}
    return Method(rule, WAYS[way], given=given, search=search, column=f"sdtp-{way}")


LETTER = {
    f"{name}-{way}-{form}": _letter(rule, way, form)
    for name, rule in LABEL_INVERSES.items()
    for way in WAYS
    for form in FORMS
}
"""SDTP and AO-SDTP as the paper has them, in both forms of a local loss."""
METHODS = {
    "dtp-parallel": Method(DTP),
    "dtp-alternating": Method(DTP, ByEpoch()),
    **LETTER,
    "fa": Method(FA, search=THRICE),
    "dfa": Method(DFA, search=THRICE),
    "bp": Method(BP, search=THRICE),
    "bp-conv": Method(BP, convolutional=True, tuned_as="bp"),
}
"""The paper's: what the rows of Table 1 are run with."""
NARROW = {"sdtp-alternating-summed-narrow": _letter(SDTP, "alternating", "summed", Search())}
"""To the letter too, searched in the ranges and with the budget that DTP had."""
DAMPED = {
    f"{name}-{way}-damped": Method(
        rule,
        alternate,
        column=f"sdtp-{way}",
        tuned_as=None if name == "sdtp" else f"sdtp-{way}-damped",
    )
    for name, rule in LABEL_INVERSES.items()
    for way, alternate in WAYS.items()
}
"""Ours: SDTP and AO-SDTP with a short step and a linear inverse of the output."""
ON_IMAGENET = {
    "dfa-regenerated": Method(DFA, given={"broadcast": Regenerated()}, column="fa"),
    "fa-conv": Method(FA, convolutional=True, column="fa"),
}
"""What runs on ImageNet's network alone: DFA whose feedback is not stored, since it would not fit
beside the network, and FA with shared weights. Neither has a column in Table 5."""
ALL = METHODS | NARROW | DAMPED | ON_IMAGENET


def configured(setup: str, name: str) -> tuple[Rule, Settings]:
    """The rule and the settings of a cell: searched, for itself or for its like, or published."""
    place = searched_as(setup, name)
    found = winner(*place) if place else None
    if found is None:
        return published(setup, name)
    rule, settings = decode(found["rule"]), Settings.from_json(found["settings"])
    tuned = {field: getattr(settings, field) for field in TUNED}
    return ALL[name].rule(**vars(rule)), replace(_base(setup, name), **tuned)


def searched_as(setup: str, name: str) -> tuple[str, str] | None:
    """The network and the method whose search set a cell; None: Table 5 does."""
    networks, methods = _or(setup, SETUPS[setup].tuned_as), _or(name, ALL[name].tuned_as)
    return next((place for place in product(networks, methods) if winner(*place)), None)


def search_of(setup: str, name: str) -> Search:
    """How a cell is searched."""
    return SETUPS[setup].search or ALL[name].search


def unsearched(setup: str, name: str) -> tuple[Rule, Settings, Space]:
    """What a search of a cell begins with, and what it draws; rates are tried with the paper's
    values of all else."""
    method, search = ALL[name], search_of(setup, name)
    if search.rates:
        rule, settings = published(setup, name)
        return rule, replace(settings, record_test=False), {}
    rule = method.rule(**method.given)
    settings = replace(_base(setup, name), alternate=method.alternate, record_test=False)
    space = {**rule.space, **search.ranges}
    return rule, settings, {k: span for k, span in space.items() if k not in method.given}


def published(setup: str, name: str) -> tuple[Rule, Settings]:
    """The paper's best values, with the other settings of the setup."""
    method = ALL[name]
    table = _table_5()
    columns = _or(method.column or name, method.tuned_as)
    network = SETUPS[setup].published_as or setup
    row = next(table[network, column] for column in columns if (network, column) in table)
    settings = replace(
        _base(setup, name),
        lr=row["lr"],
        optimizer_args={key: row[key] for key in ("b1", "b2", "eps")},
    )
    if method.rule in (FA, DFA, BP):
        return method.rule(**method.given), settings
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
