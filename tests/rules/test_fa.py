import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.feedback import BRSF, FRSF, USF, FixedRandom, Regenerated, Transpose
from apical.networks.initialisers import Uniform
from apical.rules import DFA, FA, State
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")


def test_with_transposed_weights_it_is_bp():
    net = tiny.network((5, 4, 3))
    laws.equals_bp(FA(Transpose()), net, tiny.batch(net))


def test_with_feedback_equal_to_the_forward_weights_it_is_bp():
    net = tiny.network((5, 4, 3))
    kept = tuple(layer.with_weight(layer.weight) for layer in net.layers[1:])
    laws.equals_bp(FA(), net, tiny.batch(net), State(kept=kept))


def test_by_hand():
    """delta_1 = (1 - h^2) * B delta_2, written out for one hidden layer."""
    net = tiny.network((4,))
    batch = tiny.batch(net)
    state = FA().init(net, batch, laws.KEY)
    (feedback,) = state.kept
    (x, h, p) = net.record(batch.x).activities
    delta_2 = p - batch.y
    delta_1 = (delta_2 @ feedback.weight) * (1 - h**2)
    found = laws.credit(FA(), net, batch, state)
    laws.assert_close(found.signals, (delta_1, delta_2))
    flat = x.reshape(len(x), -1)
    laws.assert_close(found.network.layers[0].weight, delta_1.T @ flat / len(x))
    laws.assert_close(found.network.layers[0].bias, delta_1.mean(axis=0))
    laws.assert_close(found.network.layers[1].weight, delta_2.T @ h / len(x))


def test_fixed_feedback_is_drawn_by_its_law_and_never_changes():
    net = tiny.network((50, 40))
    feedback = FixedRandom(Uniform(0.2))
    kept = feedback.init(net, jax.random.key(0))
    for back, layer in zip(kept, net.layers[1:], strict=True):
        assert back.weight.shape == layer.weight.shape
        assert back.bias is None
        assert float(jnp.abs(back.weight).max()) <= 0.2
        assert abs(float(jnp.sqrt(jnp.mean(back.weight**2))) - feedback.law.rms(1, 1)) < 0.02
        correlation = np.corrcoef(np.ravel(back.weight), np.ravel(layer.weight))[0, 1]
        assert abs(correlation) < 0.15
    batch = tiny.batch(net)
    laws.assert_close(laws.credit(FA(feedback), net, batch, State(kept=kept)).kept, kept)


@pytest.mark.parametrize("feedback", [USF(), FRSF(), BRSF()], ids=lambda f: type(f).__name__)
def test_sign_symmetric_feedback_has_the_forward_signs(feedback):
    net = tiny.network((30, 20))
    kept = feedback.init(net, jax.random.key(0))
    layers = feedback.layers(net, kept, jax.random.key(1))
    for back, layer in zip(layers, net.layers[1:], strict=True):
        np.testing.assert_array_equal(jnp.sign(back.weight), jnp.sign(layer.weight))


def test_magnitudes_are_uniform_fixed_or_drawn_for_every_batch():
    net = tiny.network((30, 20))
    first, second = jax.random.split(jax.random.key(1))

    def weights(feedback, key):
        layers = feedback.layers(net, feedback.init(net, jax.random.key(0)), key)
        return np.concatenate([np.ravel(layer.weight) for layer in layers[:1]])

    uniform = np.abs(weights(USF(), first))
    np.testing.assert_allclose(uniform, np.sqrt(2 / (30 + 20)))
    np.testing.assert_array_equal(weights(FRSF(), first), weights(FRSF(), second))
    assert np.abs(weights(FRSF(), first)).std() > 0
    assert np.abs(weights(BRSF(), first) - weights(BRSF(), second)).max() > 0


@pytest.mark.parametrize("rule", [FA(), FA(FRSF()), DFA(), DFA(broadcast=Regenerated())], ids=str)
def test_fixed_feedback_is_the_same_whatever_the_steps_key(rule):
    net = tiny.network()
    batch = tiny.batch(net)
    state = rule.init(net, batch, jax.random.key(1))
    one, two = (rule.credit(net, state, batch, jax.random.key(k)) for k in (2, 3))
    laws.assert_close(one.signals, two.signals)
    laws.assert_close(one.kept, state.kept)
    laws.assert_close(two.kept, state.kept)
