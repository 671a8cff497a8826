from functools import reduce

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import UsageError
from apical.feedback import Broadcast, Regenerated, Stored
from apical.networks.activations import identity
from apical.networks.initialisers import Glorot, LeCun, Orthogonal, Uniform
from apical.rules import DFA, FA, State
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")


def test_with_the_product_of_downstream_weights_a_linear_net_gets_bp():
    net = tiny.network((5, 4, 3), identity)
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


def test_regenerated_feedback_is_the_same_at_every_step_and_nothing_of_it_is_kept():
    """It is led by as the stored feedback of its weights is, whatever step and batch."""
    net = tiny.image_network((4, 4, 2))
    rule = DFA(Uniform(0.3), Regenerated())
    state = rule.init(net, tiny.image_batch(net), laws.KEY)
    assert sum(leaf.size for leaf in jax.tree.leaves(state.kept)) < 5
    weights = rule.broadcast.layers(state.kept)
    for batch in (tiny.image_batch(net), tiny.image_batch(net, 4)):
        ours = laws.credit(rule, net, batch, state)
        theirs = laws.credit(DFA(), net, batch, State(kept=weights))
        laws.assert_close(ours.signals, theirs.signals)
        laws.assert_close(ours.network, theirs.network)
        laws.assert_close(ours.pathways, theirs.pathways)


@pytest.mark.parametrize("law", [Uniform(0.3), Glorot(), LeCun()], ids=str)
def test_regenerated_feedback_has_the_law_of_the_stored_one(law):
    """Spread, quantiles, and no correlation between output units, layers or the two forms."""
    net = tiny.network((4000, 5, 4000))
    key = laws.KEY
    both: tuple[Broadcast, ...] = (Stored(), Regenerated())
    stored, again = (
        [np.asarray(back.weight) for back in b.layers(b.init(net, law, key))] for b in both
    )
    for a, b in zip(stored, again, strict=True):
        assert a.shape == b.shape
    for a, b in zip(stored[::2], again[::2], strict=True):
        assert b.std() == pytest.approx(a.std(), rel=0.05)
        levels = [0.05, 0.25, 0.5, 0.75, 0.95]
        np.testing.assert_allclose(
            np.quantile(b, levels), np.quantile(a, levels), atol=0.07 * a.std()
        )
    rows = np.concatenate([*stored[::2], *again[::2]])
    assert np.abs(np.corrcoef(rows) - np.eye(len(rows))).max() < 0.08


def test_a_law_that_is_not_drawn_by_units_cannot_be_regenerated():
    net = tiny.network()
    with pytest.raises(UsageError, match="orthogonal weights cannot be drawn a unit at a time"):
        DFA(Orthogonal(), Regenerated()).init(net, tiny.batch(net), laws.KEY)
