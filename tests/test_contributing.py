"""The rule that CONTRIBUTING.md adds is a real one: it is read from there and trained."""

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


def test_no_file_outside_rules_knows_a_rule():
    """Adding a rule is one file, one import line and one test; nothing else names one."""
    from apical.rules import BP, RULES

    names = "|".join(rule.__name__ for rule in RULES if rule is not BP)
    source = ROOT / "src" / "apical"
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).parts
        if parts[0] not in ("rules", "papers"):
            code = re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL)
            assert not re.search(rf"\b({names})\b", code), path
