"""What target propagation reads and touches: no weight transport but DTP's at the output."""

import equinox as eqx
import jax
import numpy as np
import pytest

from apical.networks.layers import Layer
from apical.networks.network import Network
from apical.rules import AOSDTP, BP, DTP, SDTP, TP, Batch, State
from apical.rules.target_propagation.inverses import Denoising
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

RULES = [TP(), DTP(), SDTP(), AOSDTP()]
STACKED = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@STACKED
def test_only_dtp_reads_forward_weights_and_only_the_output_layers(rule):
    """With activity and inverses held, replacing the weights of one layer at a time."""
    net = tiny.network((5, 4, 4, 3))
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    record = net.record(batch.x)
    last = len(net.layers) - 1

    def signals(changed):
        layers = tuple(
            laws.Held.of(layer, -2 * layer.weight if l == changed else layer.weight, a)
            for l, (layer, a) in enumerate(zip(net.layers, record.preactivations, strict=True))
        )
        held = Network(layers, net.loss)
        return rule.credit(held, state, batch, laws.STEP_KEY).signals[:-1]

    untouched = signals(None)
    for changed in range(1, len(net.layers)):
        moved = any(not np.allclose(a, b) for a, b in zip(signals(changed), untouched, strict=True))
        assert moved == (rule.name == "dtp" and changed == last)


@STACKED
def test_no_signal_is_pulled_through_forward_weights_but_dtps_at_the_output(rule, monkeypatch):
    """Of the network's own layers, which are asked to lead a signal down."""
    net = tiny.network((5, 4, 3))
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    pulled: list[int] = []
    pull = Layer.pull

    def spy(layer, signal):
        pulled.extend(l for l, own in enumerate(net.layers) if layer is own)
        return pull(layer, signal)

    monkeypatch.setattr(Layer, "pull", spy)
    rule.credit(net, state, batch, laws.STEP_KEY)
    assert pulled == ([len(net.layers) - 1] if rule.name == "dtp" else [])
    BP().credit(net, State(), batch, laws.STEP_KEY)
    assert {1, 2, 3} <= set(pulled)


@STACKED
def test_noise_and_the_inverses_loss_do_not_touch_the_forward_weights(rule):
    net = tiny.network()
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    one = rule.credit(net, state, batch, jax.random.key(1))
    other = eqx.tree_at(lambda r: r.inverse, rule, Denoising(0.9))
    two = other.credit(net, state, batch, jax.random.key(2))
    laws.assert_close(one.network, two.network)
    assert not np.allclose(one.learned[-1].weight, two.learned[-1].weight)


@STACKED
def test_targets_do_not_touch_the_inverses(rule):
    """Other labels: the network learns something else, the inverses the same."""
    net = tiny.network((5, 4, 3))
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    one = rule.credit(net, state, batch, laws.STEP_KEY)
    two = rule.credit(net, state, Batch(batch.x, batch.y[:, ::-1]), laws.STEP_KEY)
    laws.assert_close(one.learned, two.learned)
    assert not np.allclose(one.network.layers[0].weight, two.network.layers[0].weight)


def test_auxiliary_weights_are_fixed():
    net = tiny.network()
    batch = tiny.batch(net)
    state = AOSDTP().init(net, batch, laws.KEY)
    laws.assert_close(laws.credit(AOSDTP(), net, batch, state).kept, state.kept)
