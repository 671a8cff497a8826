"""Target propagation against its theory, on networks small enough to invert."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import UsageError
from apical.networks.activations import identity, softmax, tanh
from apical.networks.initialisers import LeCun
from apical.networks.layers import Dense, Transposed
from apical.networks.losses import CrossEntropy, SquaredError
from apical.networks.network import Network
from apical.rules import AOSDTP, BP, DTP, SDTP, TP, State
from apical.rules.target_propagation.dtp import difference_targets
from apical.rules.target_propagation.inverses import (
    Averaged,
    Denoising,
    InverseLoss,
    LocalLoss,
    Summed,
)
from apical.rules.target_propagation.rule import TargetPropagation
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

RULES = [TP(), DTP(), SDTP(), AOSDTP()]
STACKED = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def invertible(activation=identity, units=6, depth=3):
    """Square layers of 6 units, far from singular, and a softmax output of 3."""
    draw = np.random.default_rng(0)
    layers = []
    shape: tuple[int, ...] = tiny.IN_SHAPE
    for _ in range(depth):
        weight = np.eye(units) + draw.normal(0.0, 0.5 / np.sqrt(units), (units, units))
        bias = jax.device_put(draw.normal(0.0, 0.1, units))
        layers.append(Dense(jax.device_put(weight), bias, shape, activation))
        shape = (units,)
    layers.append(Dense.create(shape, 3, softmax, key=laws.KEY, init=LeCun()))
    return Network(tuple(layers), CrossEntropy())


def exact(layer: Dense, g: Transposed) -> Transposed:
    """g with g(f(h)) = h for a linear layer f."""
    inverse = np.linalg.inv(layer.weight)
    given = jax.device_put((inverse.T, -inverse @ np.asarray(layer.bias)))
    return eqx.tree_at(lambda g: (g.weight, g.bias), g, given)


@eqx.filter_jit
def hidden_jacobians(net, lower, upper, h):
    """dh_upper / dh_lower of each example; layers count from 1."""

    def through(h):
        h = h[None]
        for layer in net.layers[lower:upper]:
            h = layer(h)
        return h[0]

    return jax.vmap(jax.jacobian(through))(h)


def test_with_exact_inverses_targets_have_their_gauss_newton_form():
    """ĥ_l = h_l - alpha J^-1 dL/dh_{L-1}, with J = dh_{L-1}/dh_l."""
    net, rule = invertible(), DTP(alpha=0.7)
    batch = tiny.batch(net)
    state = rule.init(net, batch, laws.KEY)
    learned = tuple(map(exact, net.layers[1:-1], state.learned))
    record = laws.recorded(net, batch.x)
    found = rule.targets(net, State(learned), record, batch)
    top = len(net.layers) - 1
    gradient = (record.output - batch.y) @ net.layers[-1].weight
    for l, target in enumerate(found, start=1):
        h = record.activities[l]
        J = hidden_jacobians(net, l, top, h)
        step = np.linalg.solve(J, np.asarray(gradient)[..., None])[..., 0]
        np.testing.assert_allclose(target, h - 0.7 * step, rtol=1e-9)
    assert laws.largest(found[0] - record.activities[1]) > 1e-2


def test_with_exact_inverses_the_correction_is_idle():
    """On a linear net TP's targets below the top are DTP's: nothing is left to correct."""
    net = invertible()
    batch = tiny.batch(net)
    state = DTP().init(net, batch, laws.KEY)
    maps = tuple(map(exact, net.layers[1:-1], state.learned))
    hidden = laws.recorded(net, batch.x).activities[1:-1]
    top = hidden[-1] + tiny.normal(hidden[-1].shape)
    plain = [top]
    for g in reversed(maps):
        plain.insert(0, g(plain[0]))
    laws.assert_close(difference_targets(maps, hidden, top), tuple(plain))


def test_with_inverses_of_a_curved_net_the_corrected_targets_are_met_exactly():
    """f_l(ĥ_{l-1}) = ĥ_l when g = f^-1; without the correction's inverse it would not be."""
    net = invertible(jnp.tanh)
    batch = tiny.batch(net)
    above = net.layers[1:-1]
    maps = tuple(
        lambda h, f=f: (jnp.arctanh(h) - f.bias) @ jnp.linalg.inv(f.weight).T for f in above
    )
    hidden = laws.recorded(net, batch.x).activities[1:-1]
    targets = difference_targets(maps, hidden, 0.9 * hidden[-1])
    assert laws.largest(targets[0] - hidden[0]) > 1e-2
    for f, below, target in zip(above, targets, targets[1:], strict=False):
        laws.assert_close(f(below), target, rtol=1e-7)


def test_whatever_the_inverses_a_satisfied_layer_asks_for_nothing():
    net = tiny.network((5, 4, 3))
    batch = tiny.batch(net)
    learned = DTP().init(net, batch, laws.KEY).learned
    hidden = laws.recorded(net, batch.x).activities[1:-1]
    laws.assert_close(jax.jit(difference_targets)(learned, hidden, hidden[-1]), hidden)


class GradientTargets(TargetPropagation):
    """Targets h - dL/dh at every layer, by the chain rule."""

    name = "gradient-targets"
    local: LocalLoss = Summed(0.5)
    inverse: InverseLoss = Denoising()
    noise_halved_after: float | None = None

    @property
    def traits(self):
        return BP().traits

    def init(self, net, batch, key):
        return State(learned=())

    def inverted(self, net, state):
        return ()

    def targets(self, net, state, record, batch):
        hidden = record.activities[1:-1]

        def loss(shifts):
            h = batch.x
            for layer, shift in zip(net.layers, (*shifts, 0.0), strict=True):
                a = layer.preactivation(h)
                h = layer.activation(a) + shift
            return jnp.sum(net.loss(a, batch.y, layer.activation))

        gradients = jax.grad(loss)(tuple(jnp.zeros_like(h) for h in hidden))
        return tuple(h - g for h, g in zip(hidden, gradients, strict=True))


def test_with_gradient_targets_and_halved_losses_it_is_bp():
    net = tiny.network((5, 4, 3))
    laws.equals_bp(GradientTargets(), net, tiny.batch(net))


def test_by_hand_difference_target_propagation():
    """Two hidden tanh layers, written out with matrices; losses summed and averaged."""
    net = tiny.network((5, 4))
    batch = tiny.batch(net)
    state = DTP().init(net, batch, laws.KEY)
    V, c = laws.leaves(state.learned)
    y, W3 = np.asarray(batch.y), np.asarray(net.layers[2].weight)
    _, h1, h2, p = laws.leaves(laws.recorded(net, batch.x).activities)
    t2 = h2 - 0.3 * (p - y) @ W3
    back = [np.tanh(h @ V + c) for h in (t2, h2)]
    t1 = h1 + back[0] - back[1]
    for local, factors in ((Summed(), (2, 2)), (Averaged(), (2 / 5, 2 / 4))):
        found = laws.credit(DTP(alpha=0.3, local=local), net, batch, state)
        expected = (
            factors[0] * (1 - h1**2) * (h1 - t1),
            factors[1] * (1 - h2**2) * (h2 - t2),
            p - y,
        )
        laws.assert_close(found.signals, expected)
        laws.assert_close(found.network.layers[1].weight, expected[1].T @ h1 / len(y))
        for l, (h, t) in enumerate(((h1, t1), (h2, t2)), 1):
            distance = np.linalg.norm(t - h) / np.linalg.norm(h)
            laws.assert_close(found.scalars[f"target_distance_{l}"], distance)


def test_by_hand_the_uppermost_targets_that_need_no_gradient():
    net = tiny.network((5, 4))
    batch = tiny.batch(net)
    record = laws.recorded(net, batch.x)
    _, h1, h2, p = laws.leaves(record.activities)
    y = np.asarray(batch.y)

    def led(g, o):
        return o @ np.asarray(g.weight) + np.asarray(g.bias)

    rule = SDTP(step=0.4)
    state = rule.init(net, batch, laws.KEY)
    g = state.learned[-1]
    top = h2 + 0.4 * (led(g, y) - led(g, p))
    laws.assert_close(rule.targets(net, state, record, batch)[-1], top)

    rule = SDTP(step=1.0, output_inverse=tanh)
    top = h2 + np.tanh(led(g, y)) - np.tanh(led(g, p))
    state = rule.init(net, batch, laws.KEY)
    laws.assert_close(rule.targets(net, state, record, batch)[-1], top)

    auxiliary = AOSDTP(features=7, step=0.6, output_inverse=tanh)
    state = auxiliary.init(net, batch, laws.KEY)
    assert state.kept.weight.shape == (7, 4)
    z = np.tanh(h2 @ np.asarray(state.kept.weight).T)
    g = state.learned[-1]
    label, output = (np.tanh(led(g, np.concatenate([o, z], 1))) for o in (y, p))
    top = h2 + 0.6 * (label - output)
    laws.assert_close(auxiliary.targets(net, state, record, batch)[-1], top)

    for simplified in (auxiliary, SDTP()):
        state = simplified.init(net, batch, laws.KEY)
        below = state.learned[0]
        lower, top = simplified.targets(net, state, record, batch)
        back = [np.tanh(led(below, h)) for h in (top, h2)]
        laws.assert_close(lower, h1 + back[0] - back[1])

    g2, g3 = TP().init(net, batch, laws.KEY).learned
    t2 = np.tanh(led(g3, y))
    expected = (np.tanh(led(g2, t2)), t2)
    laws.assert_close(TP().targets(net, State((g2, g3)), record, batch), expected)


@STACKED
def test_rules_keep_their_laws_on_images(rule):
    net = tiny.image_network((4, 4, 2))
    batch = tiny.image_batch(net)
    laws.averages_over_examples(rule, net, batch)
    if rule.traits.error_driven:
        laws.rests_when_satisfied(rule, net, batch)


def test_squared_error_serves_too():
    net = tiny.network((5, 4), loss=SquaredError())
    batch = tiny.batch(net)
    record = laws.recorded(net, batch.x)
    state = DTP().init(net, batch, laws.KEY)
    found = DTP(alpha=1.0).targets(net, state, record, batch)[-1]
    expected = record.activities[-2] - (record.output - batch.y) @ net.layers[-1].weight
    laws.assert_close(found, expected)


@STACKED
def test_a_network_without_hidden_layers_is_refused(rule):
    net = tiny.network(())
    with pytest.raises(UsageError, match=f"{rule.name}: gives targets to hidden layers"):
        rule.init(net, tiny.batch(net), laws.KEY)


def test_impossible_options_are_named():
    for make, words in (
        (lambda: SDTP(step=0.0), "step"),
        (lambda: DTP(alpha=float("nan")), "alpha"),
        (lambda: Denoising(-0.1), "sigma"),
        (lambda: TP(noise_halved_after=0.0), "noise_halved_after"),
        (lambda: Averaged(0.0), "scale"),
    ):
        with pytest.raises(UsageError, match=f"{words}: must be a positive finite number"):
            make()
    with pytest.raises(UsageError, match="features: must be 1 or more"):
        AOSDTP(features=0)
