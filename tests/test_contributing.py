"""What CONTRIBUTING.md adds, a rule and a layer, is read from there and trained."""

import ast
import re
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from apical import BP, DFA, DTP, FA, AssociativeSTDP, UsageError, fit
from apical.audit import audit
from apical.networks.activations import tanh
from apical.networks.initialisers import Glorot
from apical.networks.network import Network
from apical.testing import laws
from apical.training.reload import reload
from apical.values.spelling import spell
from tests import tiny

ROOT = Path(__file__).parents[1]


def added(heading: str) -> dict[str, Any]:
    """What the first Python block below a heading of CONTRIBUTING.md defines."""
    section = (ROOT / "CONTRIBUTING.md").read_text().partition(f"## {heading}\n")[2]
    code = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)[0]
    namespace: dict[str, Any] = {"__name__": "contributed"}
    exec(code, namespace)
    return namespace


@pytest.fixture(scope="module")
def rule():
    return added("Add a rule in three steps")["DRTP"]()


@pytest.fixture(scope="module")
def checkered():
    return added("Add a layer")["Checkered"]


def test_it_keeps_its_claims(rule, float64):
    net = tiny.network()
    batch = tiny.batch(net)
    laws.has_the_shape_of_what_it_changes(rule, net, batch)
    laws.is_pure(rule, net, batch)
    laws.averages_over_examples(rule, net, batch)
    laws.transports_what_it_claims(rule, net, batch)
    assert audit(rule).contradictions == ()


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


@pytest.mark.parametrize("rule_", [BP(), FA(), DFA(), DTP()], ids=spell)
def test_the_layer_is_trained_by_every_rule_and_reloaded(checkered, blobs, tmp_path, rule_):
    """By its name, as `--hidden` gives it, though no file of the package knows it."""
    hidden = ("checkered:12", "fc:8")
    result = fit(rule_, blobs, hidden=hidden, batch_size=30, epochs=4, lr=1e-2, out=tmp_path)
    assert result.test_accuracy > 0.6
    task, models = reload(tmp_path, blobs)
    assert task.settings.hidden[0] == checkered(12)
    layer, trained = models[0].network.layers[0], result.networks[0].layers[0]
    np.testing.assert_array_equal(layer.weight, trained.weight)
    i, j = np.indices(layer.weight.shape)
    first = task.begin(0).net.layers[0].weight
    np.testing.assert_array_equal((layer.weight != first)[(i + j) % 2 == 1], False)
    with pytest.raises(UsageError, match=r"CheckeredLayer does not say"):
        fit(AssociativeSTDP(), blobs.select([0, 1]), hidden=hidden, epochs=1)


def test_its_pseudo_gradient_is_the_gradient(checkered, float64):
    make = checkered(4).create
    lower = make(tiny.IN_SHAPE, tanh, key=jax.random.key(0), init=Glorot(), bias=True)
    net = tiny.network((4,))
    net = Network((lower, net.layers[-1]), net.loss)
    laws.is_the_gradient(BP(), net, tiny.batch(net))


def test_every_folder_of_tests_is_explained():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    explained = re.findall(r"^\| `tests/(\w+)` \| ", text, flags=re.MULTILINE)
    assert sorted(explained) == sorted(
        path.parent.name for path in ROOT.glob("tests/*/__init__.py")
    )


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
