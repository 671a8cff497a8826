from functools import reduce

import jax
import jax.numpy as jnp
import pytest

from apical.initialisers import Uniform
from apical.rules import DFA, FA, State
from tests import laws, tiny

pytestmark = pytest.mark.usefixtures("float64")


def test_with_the_product_of_downstream_weights_a_linear_net_gets_bp():
    net = tiny.network((5, 4, 3), "identity")
    batch = tiny.batch(net)
    state = DFA().init(net, batch, laws.KEY)
    weights = [layer.weight for layer in net.layers]
    products = [reduce(jnp.matmul, reversed(weights[l + 1 :])) for l in range(len(weights) - 1)]
    kept = tuple(
        back.with_weight(product) for back, product in zip(state.kept, products, strict=True)
    )
    laws.equals_bp(DFA(), net, batch, State(kept=kept))


def test_one_hidden_layer_is_fa():
    net = tiny.network((4,))
    batch = tiny.batch(net)
    laws.assert_close(laws.credit(DFA(), net, batch).network, laws.credit(FA(), net, batch).network)


def test_by_hand():
    net = tiny.network((5, 4))
    batch = tiny.batch(net)
    state = DFA().init(net, batch, laws.KEY)
    record = net.record(batch.x)
    error = record.output - batch.y
    expected = tuple(
        (error @ back.weight) * (1 - h**2)
        for back, h in zip(state.kept, record.activities[1:], strict=False)
    )
    laws.assert_close(laws.credit(DFA(), net, batch, state).signals, (*expected, error))


def test_signals_ignore_all_forward_weights_but_through_activity():
    net = tiny.network((5, 4))
    moved = jax.tree.map(lambda w: w + 0.1, net)
    batch = tiny.batch(net)
    state = DFA().init(net, batch, laws.KEY)
    again = DFA().init(moved, batch, laws.KEY)
    laws.assert_close(state.kept, again.kept)


def test_dfa_feedback_is_drawn_by_its_law():
    net = tiny.network((50, 40))
    kept = DFA(Uniform(0.01)).init(net, tiny.batch(net), laws.KEY).kept
    for back, layer in zip(kept, net.layers, strict=False):
        assert back.weight.shape == (net.units, *layer.out_shape)
        assert back.bias is None
        assert float(jnp.abs(back.weight).max()) <= 0.01
