"""What every rule, feedback and broadcast is to tell its readers."""

import inspect
from typing import Any

import pytest

from apical.feedback import Broadcast, Feedback
from apical.rules import DFA, FA, RULES, Rule
from apical.rules.target_propagation.rule import TargetPropagation
from apical.values.spelling import decode
from apical.values.value import concrete, parse

INTERFACES: dict[type, tuple[str, ...]] = {
    Rule: ("init", "credit"),
    TargetPropagation: ("targets", "inverted"),
    Feedback: ("init", "layers"),
    Broadcast: ("init", "lead", "layers"),
}
CASES = [
    (cls, method)
    for interface, methods in INTERFACES.items()
    for cls in concrete(interface).values()
    if cls in RULES or (interface is not Rule and cls.__module__.startswith("apical."))
    for method in methods
]


@pytest.mark.parametrize(("cls", "method"), CASES, ids=lambda case: getattr(case, "name", case))
def test_overrides_name_their_types(cls, method):
    """So that shapes are checked while tests run, and a reader sees them where he reads."""
    signature = inspect.signature(getattr(cls, method))
    bare = [
        name
        for name, parameter in signature.parameters.items()
        if name != "self" and parameter.annotation is inspect.Parameter.empty
    ]
    assert not bare
    assert signature.return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_first_line_on_a_rule_is_a_sentence(rule):
    first, after, *_ = rule.__doc__.splitlines()
    assert first.endswith(".")
    assert "=" not in first
    assert not after


def test_rules_are_listed_by_name():
    names = [rule.name for rule in RULES]
    assert names == sorted(names)
    assert len({inspect.getdoc(rule) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("spelled", "stored"),
    [
        (
            "dfa:uniform:0.1,regenerated",
            {
                "type": "DFA",
                "law": {"type": "Uniform", "limit": 0.1},
                "broadcast": {"type": "Regenerated"},
            },
        ),
        (
            "fa:brsf",
            {"type": "FA", "feedback": {"type": "BRSF", "law": {"type": "Glorot"}}},
        ),
    ],
)
def test_what_earlier_versions_wrote_is_read(spelled: str, stored: dict[str, Any]):
    """As in a command, and as in a run's config.json."""
    assert decode(stored) == parse(Rule, spelled)
    assert isinstance(parse(Rule, spelled), DFA | FA)
