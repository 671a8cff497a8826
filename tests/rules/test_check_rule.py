"""`apical.testing` holds a stranger's rule to the laws that it claims."""

import re
from pathlib import Path
from typing import Any

import jax
import pytest

from apical.feedback import Transport
from apical.rules import BP, Credit, State
from apical.rules.rule import Traits
from apical.testing import check_rule, conformance, laws_of


class Stranger(BP):
    """Backpropagation, and what a subclass spoils of it."""

    name = ""

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS)

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        return Credit(jax.tree.map(self.spoiled, found.network), found.signals)

    def spoiled(self, gradient):
        return 0.5 * gradient


class Honest(Stranger):
    name = "honest-stranger"


class NotTheGradient(Stranger):
    name = "not-the-gradient"

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS, gradient=True)


class Restless(Stranger):
    name = "restless"

    def spoiled(self, gradient):
        return gradient + 0.1


class Exploding(Stranger):
    name = "exploding"

    def spoiled(self, gradient):
        return gradient * float("inf")


class NoTransport(Stranger):
    name = "no-transport"

    @property
    def traits(self):
        return Traits(transport=Transport.NONE)


def test_an_honest_rule_keeps_them():
    check_rule(Honest())


@pytest.mark.parametrize(
    ("rule", "law", "says"),
    [
        (NotTheGradient, "gradient", "Not equal to tolerance"),
        (NotTheGradient, "audit", "gradient: claims to be the loss's gradient"),
        (Restless, "rest", "weights change by 0.1 where the output meets the target"),
        (NoTransport, "audit", "transport"),
    ],
)
def test_a_broken_law_is_named(rule, law, says):
    (broken,) = [each for each in laws_of(rule) if str(each) == law]
    with pytest.raises(AssertionError, match=says):
        broken()


def test_all_broken_laws_are_told_each_in_a_line(monkeypatch):
    chosen = [law for law in laws_of(NotTheGradient()) if str(law) in ("text", "gradient")]
    monkeypatch.setattr(conformance, "laws_of", lambda rule: chosen)
    chosen.append(next(law for law in laws_of(Exploding()) if str(law) == "trains"))
    with pytest.raises(AssertionError) as error:
        check_rule(NotTheGradient())
    lines = str(error.value).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("not-the-gradient: gradient: Not equal")
    assert lines[1].startswith("exploding: trains: DivergenceError: seed 0, epoch 1")


def test_the_rule_of_the_readme_keeps_its_laws(tmp_path):
    text = (Path(__file__).parents[2] / "README.md").read_text()
    section = text.partition("### In a file of your own")[2]
    code, tests = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)[:2]
    namespace: dict[str, Any] = {"__name__": "readme"}
    exec(code, namespace)
    exec(tests, namespace)
    (mark,) = namespace["test_law"].pytestmark
    assert {"rest", "audit", "trains"} <= {str(law) for law in mark.args[1]}
    for law in mark.args[1]:
        law()
