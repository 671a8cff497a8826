"""Every exported rule against the laws that its traits claim."""

import pytest

from apical.feedback import BRSF, FRSF, USF, Regenerated, Transpose
from apical.networks.activations import identity, relu, sigmoid, softplus, tanh
from apical.networks.losses import BinaryCrossEntropy, SquaredError
from apical.rules import BP, DFA, FA, RULES, Rule
from apical.testing import laws
from apical.values.spelling import decode, encode, spell
from apical.values.value import parse
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

CASES = [rule() for rule in RULES] + [FA(f()) for f in (Transpose, USF, FRSF, BRSF)]
CASES += [DFA(broadcast=Regenerated())]


@pytest.fixture(params=CASES, ids=spell)
def rule(request):
    return request.param


@pytest.fixture
def net(rule, float64):
    return tiny.suited_to(rule)


@pytest.fixture
def batch(rule, net):
    return tiny.batch(net, examples=min(tiny.EXAMPLES, rule.recipe.batch_size))


def test_shapes(rule, net, batch):
    laws.has_the_shape_of_what_it_changes(rule, net, batch)


def test_pure(rule, net, batch):
    laws.is_pure(rule, net, batch)


def test_mapped(rule, net, batch):
    laws.maps_over_networks(rule, net, batch)


def test_gradient(rule, net, batch):
    if rule.traits.gradient:
        laws.equals_bp(rule, net, batch)


def test_average(rule, net, batch):
    if rule.traits.independent:
        laws.averages_over_examples(rule, net, batch)


def test_rest(rule, net, batch):
    if rule.traits.error_driven:
        laws.rests_when_satisfied(rule, net, batch)


def test_transport(rule, net, batch):
    if not rule.traits.settles:
        laws.transports_what_it_claims(rule, net, batch)


@pytest.mark.parametrize("activation", [tanh, sigmoid, softplus, relu, identity], ids=spell)
@pytest.mark.parametrize("hidden", [(), (4,), (5, 4, 3, 4)])
def test_bp_is_the_gradient_whatever_the_stack(activation, hidden):
    net = tiny.network(hidden, activation)
    laws.is_the_gradient(BP(), net, tiny.batch(net))


@pytest.mark.parametrize("loss", [SquaredError(), BinaryCrossEntropy()], ids=spell)
def test_bp_is_the_gradient_whatever_the_loss(loss):
    net = tiny.network(loss=loss)
    laws.is_the_gradient(BP(), net, tiny.batch(net))


def test_spelling_and_json_give_the_rule_back(rule):
    assert parse(Rule, spell(rule)) == rule
    assert decode(encode(rule)) == rule


def test_names_are_unique():
    assert len({rule.name for rule in RULES}) == len(RULES)
