"""Rules on networks whose units send signs or samples (Lee et al. 2015)."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
import optax
import pytest
from scipy.special import expit, softmax

from apical import Settings, fit, load
from apical.diagnostics.alignment import alignment
from apical.networks.activations import tanh
from apical.networks.layers import Dense, Fc, Transmitted
from apical.networks.network import Network
from apical.networks.transmission import Bernoulli, Sign
from apical.rules import AOSDTP, BP, DFA, DTP, FA, ITD, SDTP, TP, State
from apical.rules.target_propagation.inverses import Denoising
from apical.testing import laws
from apical.training.evaluate import evaluate
from apical.training.optimizer import build
from apical.training.reload import reload
from tests import tiny

float64 = pytest.mark.usefixtures("float64")


def affine(layer, x):
    W, b = np.asarray(layer.weight), np.asarray(layer.bias)
    return np.asarray(x).reshape(len(x), -1) @ W.T + b


def sign(h):
    return np.where(np.asarray(h) > 0, 1.0, -1.0)


@float64
def test_by_hand_bp_is_the_straight_through_estimator_of_a_discrete_net():
    net = tiny.discrete()
    x, y = laws.leaves(batch := tiny.batch(net))
    first, second, third = net.layers
    _, W2, W3 = laws.leaves([layer.weight for layer in net.layers])
    h1 = np.tanh(affine(first, x))
    h2 = np.tanh(affine(second, sign(h1)))
    d3 = softmax(affine(third, h2), axis=1) - y
    d2 = (1 - h2**2) * (d3 @ W3)
    d1 = (1 - h1**2) * (d2 @ W2)
    found = laws.credit(BP(), net, batch)
    laws.assert_close(found.signals, (d1, d2, d3))
    laws.assert_close(found.network.layers[1].weight, d2.T @ sign(h1) / len(x))


@float64
def test_the_loss_of_a_discrete_net_is_flat_in_its_first_layer():
    """So there is no gradient, and both rules say how to change it all the same."""
    net, step = tiny.discrete(), 1e-7
    batch = tiny.batch(net)

    @jax.jit
    def loss(weight):
        first = Dense(weight, net.layers[0].bias, tiny.IN_SHAPE, net.layers[0].activation)
        moved = Network((first, *net.layers[1:]), net.loss)
        return moved.losses(moved.record(batch.x), batch.y)

    W = np.asarray(net.layers[0].weight)
    for nudge in np.eye(W.size).reshape(-1, *W.shape):
        np.testing.assert_array_equal(loss(W + step * nudge), loss(W - step * nudge))
    for rule in (BP(), DTP()):
        assert laws.largest(laws.credit(rule, net, batch).network.layers[0]) > 1e-3


@float64
def test_by_hand_dtp_on_a_discrete_net():
    """Signs cross between the two hidden layers, upwards and downwards, and nowhere else."""
    net, rule = tiny.discrete(), DTP(alpha=0.9, inverse=Denoising(0.3))
    x, y = laws.leaves(batch := tiny.batch(net))
    first, second, third = net.layers
    W3 = np.asarray(third.weight)
    state = rule.init(net, batch, laws.KEY)
    state = laws.mapped(lambda leaf: leaf + 0.2 if leaf.ndim == 1 else leaf, state)
    V, c = laws.leaves(state.learned)

    def f2(h):
        return np.tanh(affine(second, sign(h)))

    def g2(h):
        return np.tanh(sign(h) @ V + c)

    h1 = np.tanh(affine(first, x))
    h2 = f2(h1)
    d3 = softmax(affine(third, h2), axis=1) - y
    t2 = h2 - 0.9 * d3 @ W3
    t1 = h1 - g2(h2) + g2(t2)
    assert (sign(t2) != sign(h2)).any()
    found = laws.credit(rule, net, batch, state)
    laws.assert_close(found.signals, (2 * (1 - h1**2) * (h1 - t1), 2 * (1 - h2**2) * (h2 - t2), d3))
    (key,) = jax.random.split(laws.STEP_KEY, 1)
    noisy = h1 + 0.3 * np.asarray(jax.random.normal(key, h1.shape))
    up = f2(noisy)
    delta = 2 * (1 - g2(up) ** 2) * (g2(up) - h1)
    laws.assert_close(found.learned[0].weight, sign(up).T @ delta / len(x))


@float64
def test_by_hand_dtp_and_the_straight_through_estimator_on_a_stochastic_net():
    """Samples travel upwards; targets are for the probabilities, which travel downwards."""
    net, rule = tiny.stochastic().drawn(laws.KEY), DTP(alpha=0.9, inverse_activation=tanh)
    x, y = laws.leaves(batch := tiny.batch(net))
    first, second, third = net.layers
    _, W2, W3 = laws.leaves([layer.weight for layer in net.layers])
    state = rule.init(tiny.stochastic(), batch, laws.KEY)
    V, c = laws.leaves(state.learned)
    h1 = expit(affine(first, x))
    assert isinstance(second, Transmitted)
    assert isinstance(third, Transmitted)
    s1 = np.asarray(second.read(jax.device_put(h1)))
    h2 = expit(affine(second, s1))
    s2 = np.asarray(third.read(jax.device_put(h2)))
    assert set(np.unique(s1)) == set(np.unique(s2)) == {0.0, 1.0}
    d3 = softmax(affine(third, s2), axis=1) - y

    def g2(h):
        return np.tanh(h @ V + c)

    t2 = h2 - 0.9 * d3 @ W3
    t1 = h1 - g2(h2) + g2(t2)
    found = laws.credit(rule, net, batch, state)
    expected = (2 * h1 * (1 - h1) * (h1 - t1), 2 * h2 * (1 - h2) * (h2 - t2), d3)
    laws.assert_close(found.signals, expected)
    laws.assert_close(found.network.layers[1].weight, expected[1].T @ s1 / len(x))
    laws.assert_close(found.network.layers[2].weight, d3.T @ s2 / len(x))

    d2 = h2 * (1 - h2) * (d3 @ W3)
    d1 = h1 * (1 - h1) * (d2 @ W2)
    laws.assert_close(laws.credit(BP(), net, batch).signals, (d1, d2, d3))


@float64
@pytest.mark.parametrize("make", [tiny.discrete, tiny.stochastic])
@pytest.mark.parametrize(
    "rule", [BP(), FA(), DFA(), ITD(), TP(), DTP(), SDTP(), AOSDTP()], ids=lambda rule: rule.name
)
def test_every_rule_credits_them(rule, make):
    """In the shapes of the undrawn network and its state, with the drawn samples."""
    net = make()
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    found = jax.eval_shape(rule.credit, net.drawn(laws.KEY), state, batch, laws.STEP_KEY)
    for ours, theirs in ((found.network, net), (found.learned, state.learned)):
        assert jax.tree.all(jax.tree.map(lambda a, b: a.shape == b.shape, ours, theirs))


@float64
def test_rmsprop_of_lees_code_can_be_asked_for():
    arguments = {"decay": 0.95, "eps": 1e-3, "momentum": 0.9, "centered": 1.0}
    optimizer = build(Settings(optimizer="rmsprop", lr=0.02, optimizer_args=arguments), 1)
    w = jax.device_put(np.zeros(3))
    state = optimizer.init(w)
    update = jax.jit(optimizer.update)
    mean, square, step = np.zeros((3, 3))
    for t in range(5):
        g = np.sin(np.arange(1.0, 4.0) * (t + 1))
        mean, square = 0.95 * mean + 0.05 * g, 0.95 * square + 0.05 * g**2
        step = 0.9 * step - 0.02 * g / np.sqrt(square - mean**2 + 1e-3)
        found, state = update(jax.device_put(g), state, w)
        np.testing.assert_allclose(found, step)


def test_dtp_teaches_a_layer_that_sends_signs():
    """The first layer alone, all others as they were drawn: its loss has no slope."""

    def group(params):
        if not isinstance(params, Network):
            return _labelled("stepped", params)
        first, *above = params.layers
        layers = (_labelled("stepped", first), *(_labelled("held", layer) for layer in above))
        return eqx.tree_at(lambda net: net.layers, params, layers)

    steps = {"stepped": optax.adam(3e-3), "held": optax.set_to_zero()}
    settings: dict[str, Any] = {"hidden": (Fc(32, Sign()), Fc(32)), "epochs": 25, "batch_size": 50}
    settings |= {"transformation": optax.multi_transform(steps, group)}
    result = fit(DTP(alpha=4.0), load("digits"), **settings)
    assert result.initial[0]["val_accuracy"] < 0.2
    assert result.test_accuracy > 0.5


def _labelled(label, tree):
    return jax.tree.map(lambda _: label, tree)


def test_stochastic_networks_learn_and_are_evaluated_by_their_mean_output(blobs, tmp_path):
    settings: dict[str, Any] = {"lr": 1e-2, "batch_size": 30, "epochs": 12, "passes": 7}
    settings |= {"hidden": (Fc(24, Bernoulli()), Fc(24, Bernoulli())), "activation": "sigmoid"}
    result = fit(DTP(inverse_activation=tanh), blobs, out=tmp_path, **settings)
    assert result.test_accuracy > 0.8
    task, models = reload(tmp_path, blobs)
    net = models[0].network
    x = task.transforms.test(blobs.test.x)
    y = jax.device_put(np.eye(3, dtype=np.float32)[blobs.test.y])

    @jax.jit
    def output_and_loss(key):
        drawn = net.drawn(key)
        record = drawn.record(x)
        return record.output, drawn.losses(record, y).mean()

    keys = jax.random.split(jax.random.key(0), 7)
    outputs, losses = zip(*map(output_and_loss, keys), strict=True)
    mean = np.mean(outputs, axis=0)
    np.testing.assert_allclose(models[0](blobs.test.x), mean, rtol=1e-5)
    (found,) = evaluate(task.learner, net, task.transforms.test, blobs.test, "test")
    assert found["test_accuracy"] == np.mean(mean.argmax(1) == blobs.test.y) == result.test_accuracy
    assert found["test_loss"] == pytest.approx(np.mean(losses), rel=1e-4)


def test_samples_change_from_step_to_step(blobs):
    """With rates that no optimizer feels, the running loss still moves from epoch to epoch."""
    settings: dict[str, Any] = {
        "hidden": (Fc(8, Bernoulli()),),
        "activation": "sigmoid",
        "batch_size": 330,
    }
    result = fit(BP(), blobs, lr=1e-30, epochs=3, **settings)
    losses = [row["train_loss"] for row in result.metrics]
    assert len(set(losses)) == 3
    validation = [row["val_loss"] for row in result.metrics]
    assert len(set(validation)) == 1


@float64
def test_the_samples_of_a_step_are_not_the_noise_of_its_rule():
    """Both come from the step's key; a rule must not meet the thresholds of the units."""
    net = tiny.stochastic()
    layers = net.drawn(laws.STEP_KEY).layers
    ours = [layer.key for layer in layers if isinstance(layer, Transmitted)]
    rules = [*jax.random.split(laws.STEP_KEY, len(net.layers)), laws.STEP_KEY]
    seen = {tuple(np.ravel(jax.random.key_data(k))) for k in (*ours, *rules)}
    assert len(ours) == 2
    assert len(seen) == len(ours) + len(rules)


@float64
def test_alignment_meets_the_network_that_is_drawn():
    net = tiny.stochastic()
    batch = tiny.batch(net)
    probe = laws.mapped(lambda leaf: leaf[None], batch)
    rule = DTP(inverse_activation=tanh)
    state = rule.init(net, batch, laws.KEY)
    found = alignment(net, state, probe, laws.STEP_KEY, rule=rule)
    drawn = net.drawn(laws.STEP_KEY)
    signals = laws.leaves(laws.compiled(rule, drawn, state, batch).signals)
    gradients = laws.leaves(laws.compiled(BP(), drawn, State(), batch).signals)
    for error, s, d in zip(found.signal_error, signals, gradients, strict=True):
        laws.assert_close(error, np.linalg.norm(s - d) / np.linalg.norm(d))
