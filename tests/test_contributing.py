"""The rule that CONTRIBUTING.md adds is a real one: it is read from there and trained."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from tests import laws, tiny

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def rule():
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.DOTALL
    )
    namespace: dict[str, Any] = {"__name__": "drtp"}
    exec(code, namespace)
    return namespace["DRTP"]()


def test_it_keeps_its_claims(rule, float64):
    net = tiny.network()
    batch = tiny.batch(net)
    laws.has_the_shape_of_what_it_changes(rule, net, batch)
    laws.is_pure(rule, net, batch)
    laws.averages_over_examples(rule, net, batch)
    laws.transports_what_it_claims(rule, net, batch)


def named(code: str) -> set[str]:
    """The rules but the reference that Python code names, by class or by a string of names alone.

    A string is one of names alone if it spells a rule, as in "fa:frsf", or several, as in "fa dfa".
    Prose with a name in it is none.
    """
    from apical.rules import BP, RULES

    rules = [rule for rule in RULES if rule is not BP]
    classes, names = {rule.__name__ for rule in rules}, {rule.name for rule in rules}
    found = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found |= {name.rpartition(".")[2]} & classes
            case ast.Constant(value=str(text)):
                words = [word.partition(":")[0] for word in text.split()]
                if set(words) <= names | {BP.name}:
                    found |= names.intersection(words)
    return found


def test_no_file_outside_rules_knows_a_rule():
    """Adding a rule is one file, one import line and one test; nothing else names one."""
    source = ROOT / "src" / "apical"
    knowing = {
        str(path.relative_to(source)): rules
        for path in source.rglob("*.py")
        if path.relative_to(source).parts[0] not in ("rules", "papers")
        and (rules := named(path.read_text()))
    }
    assert knowing == {}


def test_a_file_that_knows_a_rule_is_seen():
    assert named("from apical.rules import FA") == {"FA"}
    assert named("rule = rules.dfa.DFA()") == {"DFA"}
    assert named('colour = {"fa:frsf": 1, "bp": 0}') == {"fa"}
    assert named('for rule in "bp dfa tp".split(): pass') == {"dfa", "tp"}
    assert named('"""Feedback, as of fa."""; x = "try fa:frsf"; BP()') == set()
