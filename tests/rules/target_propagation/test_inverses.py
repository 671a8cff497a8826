"""The inverses of target propagation: their connections, their losses, what they learn from."""

import itertools
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.networks.activations import identity, tanh
from apical.networks.initialisers import LeCun, Uniform
from apical.networks.layers import Conv2d, Dense, LocallyConnected2d, Transposed, Window
from apical.rules import AOSDTP, DTP, SDTP, TP, State
from apical.rules.target_propagation.inverses import (
    Averaged,
    Denoising,
    NoisePreserving,
    Summed,
    learn,
)
from apical.rules.target_propagation.sdtp import LabelInverse
from apical.testing import laws
from apical.values.spelling import spell
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

RULES = [TP(), DTP(), SDTP(), AOSDTP()]
STACKED = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
HIDDEN = (4, 5, 4)  # of nearly all networks here, so that they share what JAX compiles


@partial(jax.jit, static_argnames="activation")
def gradient(weight, bias, x, target, activation):
    """Of ||activation(x W + b) - target||^2, averaged over examples."""

    def loss(weight, bias):
        out = activation(x @ weight + bias)
        return jnp.mean(jnp.sum((out - target) ** 2, axis=1))

    return jax.grad(loss, (0, 1))(weight, bias)


@pytest.mark.parametrize("loss", [NoisePreserving(0.4), Denoising(0.4)], ids=spell)
@pytest.mark.parametrize("local", [Summed(), Averaged(0.7)], ids=spell)
def test_inverses_descend_their_own_loss(loss, local):
    """The gradient of c ||g(f(h + eps)) - t||^2, averaged over examples."""
    net = tiny.network(HIDDEN)
    f = net.layers[1]
    g = Transposed.create(f, tanh, key=laws.KEY)
    h = net.record(tiny.batch(net).x).activities[1]
    key = jax.random.key(3)
    noisy = h + 0.4 * jax.random.normal(key, h.shape)
    target = noisy if isinstance(loss, NoisePreserving) else h
    factor = 1.0 if isinstance(local, Summed) else 0.7 / 4
    found = learn(g, f, h, loss, local, key)
    expected = gradient(g.weight, g.bias, f(noisy), target, tanh)
    laws.assert_close((found.weight, found.bias), [factor * np.asarray(e) for e in expected])


@STACKED
def test_the_noise_of_an_epoch_is_lee_et_als(rule):
    """sigma / (1 + epoch / 50), to the last digit, and in what the inverses learn."""
    net = tiny.network(HIDDEN)
    batch = tiny.batch(net)
    falling = replace(rule, inverse=Denoising(0.5), noise_halved_after=50.0)
    state = falling.init(net, batch, laws.KEY)
    assert state.epoch == 0
    for epoch in (0, 1, 25, 50, 499):
        std = 0.5 / (1 + epoch / 50)
        assert float(falling.noise(jnp.array(epoch))) == std
        steady = replace(rule, inverse=Denoising(std))
        same = steady.credit(net, state, batch, laws.STEP_KEY)
        now = State(state.learned, state.kept, jnp.array(epoch))
        laws.assert_close(laws.credit(falling, net, batch, now).learned, same.learned)


@STACKED
def test_noise_that_stays_counts_no_epochs(rule):
    net = tiny.network(HIDDEN)
    assert rule.init(net, tiny.batch(net), laws.KEY).epoch is None
    assert rule.noise(jnp.array(7)) == rule.inverse.sigma


@pytest.mark.parametrize("kind", [Dense, LocallyConnected2d, Conv2d])
def test_inverse_layers_have_the_transposed_connections_and_weights_of_their_own(kind):
    given = {} if kind is Dense else {"window": Window((3, 3), 2)}
    f = kind.create((6, 5, 2), 4, identity, key=jax.random.key(0), bias=False, **given)
    g = Transposed.create(f, identity, key=jax.random.key(1))
    assert (g.in_shape, g.out_shape, g.fans) == (f.out_shape, f.in_shape, f.fans[::-1])
    assert abs(np.corrcoef(np.ravel(f.weight), np.ravel(g.weight))[0, 1]) < 0.2

    def connections(layer):
        x = np.zeros(layer.in_shape)
        jacobian = jax.jit(jax.jacobian(lambda x: layer.preactivation(x[None])[0]))(x)
        return np.asarray(jacobian).reshape(np.prod(layer.out_shape), -1) != 0

    np.testing.assert_array_equal(connections(g), connections(f).T)
    signal, x = (tiny.normal((2, *s)) for s in (g.out_shape, g.in_shape))
    without = g.with_weight(g.weight)
    back, pulled = jax.jit(lambda x, signal: (without(x), g.pull(signal)))(x, signal)
    assert np.vdot(back, signal) == pytest.approx(np.vdot(x, pulled))


def test_an_inverse_is_drawn_by_what_it_reads_itself():
    """Not by what the layer reads that it leads back through: 1000 inputs there, 100 here."""
    f = Dense.create((1000,), 100, identity, key=jax.random.key(0), init=LeCun())
    g = Transposed.create(f, identity, key=jax.random.key(1), init=LeCun())
    assert np.std(np.asarray(g.weight)) == pytest.approx(1 / np.sqrt(100), rel=0.02)


@STACKED
def test_inverses_are_drawn_apart_by_the_rules_law(rule):
    net = tiny.network((6, 6, 6, 6))
    law = Uniform(0.03)
    learned = replace(rule, law=law).init(net, tiny.batch(net), laws.KEY).learned
    weights = [np.ravel(g.weight) for g in learned]
    for weight in weights:
        assert 0.02 < np.abs(weight).max() <= 0.03
    for one, other in itertools.combinations([w for w in weights if w.size == 36], 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.5


@STACKED
def test_inverses_have_the_activation_of_the_layer_below(rule):
    """But for a linear one of the output, where the rule has it so."""
    net = tiny.network(HIDDEN)
    *lower, top = rule.init(net, tiny.batch(net), laws.KEY).learned
    assert all(g.activation is tanh for g in lower)
    linear = isinstance(rule, LabelInverse)
    assert top.activation is (identity if linear else tanh)


@pytest.mark.parametrize(
    ("rule", "loss"),
    [
        (TP(), NoisePreserving(0.2)), (DTP(), NoisePreserving(0.2)),
        (SDTP(), Denoising(0.1)), (AOSDTP(), Denoising(0.3)),
    ],
    ids=["tp", "dtp", "sdtp", "ao-sdtp"],
)  # fmt: skip
def test_dtp_preserves_noise_and_the_simplified_rules_remove_it(rule, loss):
    assert rule.inverse == loss


def test_averaged_losses_count_all_units_of_an_image():
    ones, zeros = jax.device_put(np.ones((2, 3, 4, 5))), jax.device_put(np.zeros((2, 3, 4, 5)))
    laws.assert_close(Averaged(0.6).error(ones, zeros), np.full((2, 3, 4, 5), 2 * 0.6 / 60))


@STACKED
def test_each_inverse_learns_from_its_own_layer_alone(rule):
    """Changing one inverse changes no other's pseudo-gradient."""
    net = tiny.network(HIDDEN)
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    moved = jax.tree.map(lambda w: w + 0.3, state.learned[0])
    before = rule.credit(net, state, batch, laws.STEP_KEY).learned
    after = rule.credit(net, State((moved, *state.learned[1:]), state.kept), batch, laws.STEP_KEY)
    laws.assert_close(after.learned[1:], before[1:])
    assert not np.allclose(after.learned[0].weight, before[0].weight)


def test_by_hand_what_is_logged_and_learned_of_each_inverse():
    """Each inverse has noise of its own, and its error is relative to the activity's size."""
    net, rule = tiny.network(HIDDEN), DTP(inverse=Denoising(0.3))
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    found = rule.credit(net, state, batch, laws.STEP_KEY)
    hidden = net.record(batch.x).activities[1:-1]
    keys = jax.random.split(laws.STEP_KEY, 2)
    maps = zip(state.learned, net.layers[1:-1], hidden, keys, found.learned, strict=False)
    for l, (g, f, h, key, changes) in enumerate(maps, 2):
        missed = np.sum((np.asarray(g(f(h))) - h) ** 2) / np.sum(np.asarray(h) ** 2)
        laws.assert_close(found.scalars[f"inverse_error_{l}"], missed)
        laws.assert_close(changes.weight, learn(g, f, h, Denoising(0.3), Summed(), key).weight)
    one, two = (
        learn(state.learned[0], net.layers[1], hidden[0], Denoising(0.3), Summed(), key)
        for key in keys
    )
    assert not np.allclose(one.weight, two.weight)


def test_by_hand_the_labels_inverse_reads_the_output_of_the_noisy_activity():
    net, rule = tiny.network(HIDDEN), SDTP()
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    h = net.record(batch.x).activities[3]
    key = jax.random.split(laws.STEP_KEY, 3)[2]
    noisy = h + 0.1 * jax.random.normal(key, h.shape)
    x = net.layers[-1](noisy)
    np.testing.assert_allclose(np.asarray(x).sum(axis=1), 1)
    g = state.learned[-1]
    found = rule.credit(net, state, batch, laws.STEP_KEY).learned[-1]
    expected = gradient(g.weight, g.bias, x, h, identity)
    laws.assert_close((found.weight, found.bias), expected)


def test_by_hand_the_auxiliary_inverse_reads_features_of_the_noisy_activity():
    net, rule = tiny.network(HIDDEN), AOSDTP(features=3, output_inverse=tanh)
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    h = net.record(batch.x).activities[3]
    key = jax.random.split(laws.STEP_KEY, 3)[2]
    noisy = h + 0.3 * jax.random.normal(key, h.shape)
    z = np.tanh(np.asarray(noisy) @ np.asarray(state.kept.weight).T)
    x = np.concatenate([net.layers[-1](noisy), z], axis=1)
    g = state.learned[-1]
    found = rule.credit(net, state, batch, laws.STEP_KEY).learned[-1]
    expected = gradient(g.weight, g.bias, x, h, tanh)
    laws.assert_close((found.weight, found.bias), expected)
