"""Local STDP against its published curve, its factors, and what it must not see."""

import itertools

import equinox as eqx
import jax
import numpy as np
import pytest

from apical import fit, load
from apical.errors import UsageError
from apical.networks.activations import Activation, sigmoid, tanh
from apical.networks.layers import Layer, StandIn
from apical.networks.layers.pairing import pair
from apical.networks.losses import BinaryCrossEntropy
from apical.rules import AssociativeSTDP, Batch
from apical.rules.associative_stdp import Corrected, Hebbian, OneVsRest, Sum, block_sizes
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

BCE = BinaryCrossEntropy()


class Given(StandIn):
    """A layer whose preactivations are given, whatever reaches it."""

    weight: jax.Array
    bias: jax.Array | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    original: Layer
    given: jax.Array

    def preactivation(self, x):
        return self.given


@pair.register
def _(layer: Given, change, x, post):
    return pair(layer.original.with_weight(layer.weight), change, x, post)


def tiny_task(hidden=(5, 4), classes=2, bias=True):
    net = tiny.network(hidden, sigmoid, BCE, classes=classes, bias=bias)
    return net, rates(tiny.batch(net, 7))


def rates(batch):
    """The batch with inputs in [0, 1], an exact 0 and 1 among them."""
    x = 1 / (1 + np.exp(-np.asarray(batch.x)))
    x[0, 0, :2] = 0.0, 1.0
    return Batch(jax.device_put(x), batch.y)


def test_the_change_by_hand():
    """A single weight: x = 0.8, p = 0.3 gives 0.512 * 0.3 * 0.5 / ((-0.2)^2 + 1e-9)."""
    assert float(Corrected()(0.8, 0.3)) == pytest.approx(0.0768 / (0.04 + 1e-9), rel=1e-12)
    assert float(Hebbian()(0.8, 0.3)) == pytest.approx(0.12, rel=1e-12)


@pytest.mark.parametrize("eps", [1e-9, 1e-2])
def test_the_curve_at_its_special_points(eps):
    curve = Corrected(eps)
    x = np.linspace(0.1, 1.0, 10)
    np.testing.assert_allclose(curve(x, x / 2), x**5 / (4 * eps), rtol=1e-9)
    for none in (curve(0.0, x), curve(x, 0.0), curve(x, x), curve(0.0, 0.0)):
        np.testing.assert_array_equal(none, 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("curve", [Corrected(), Corrected(1e-30), Hebbian()], ids=str)
def test_no_rates_give_values_that_are_not_finite(curve, dtype):
    rates = np.unique(np.concatenate([np.linspace(0, 1, 257), [1e-38, 1e-30, 1e-7, 1 - 1e-7]]))
    x = rates.astype(dtype)
    found = jax.jit(curve)(x[:, None], np.concatenate([x, x / 2])[None, :])
    assert found.dtype == dtype
    assert np.isfinite(found).all()


def test_an_eps_that_overflows_is_refused():
    for eps in (0.0, -1.0, 1e-40, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="eps: must be at least"):
            Corrected(eps)


def test_both_curves_are_functions_of_spike_times():
    """Equation (6) at eps -> 0, equation (5), and that (5) is (4): T = 1 / rate."""
    T_pre = np.linspace(1.0, 3.0, 9)[:, None]
    dT = np.array([-0.9, -0.5, -0.1, 0.05, 0.3, 0.7, 0.9])
    x, p = 1 / T_pre, 1 / (T_pre + dT)
    corrected, plain = (dT / (T_pre**2 * (T_pre + s * dT) ** 2) for s in (-1, 1))
    np.testing.assert_allclose(Corrected(1e-30)(x, p), corrected, rtol=1e-9)
    np.testing.assert_allclose(Hebbian()(x, p), plain, rtol=1e-9)


def test_only_the_corrected_curve_has_its_higher_peak_at_positive_times():
    T, dT = 1.0, np.linspace(0.05, 0.5, 10)
    for curve, above in ((Corrected(), True), (Hebbian(), False)):
        later, earlier = (np.abs(curve(1 / T, 1 / (T + s * dT))) for s in (1, -1))
        assert bool(np.all(later > earlier)) is above


@pytest.mark.parametrize("bias", [True, False])
def test_the_update_by_hand(bias):
    """Loops over examples, units and inputs; a bias is a weight from a unit at rate 1."""
    rule = AssociativeSTDP()
    net, batch = tiny_task(bias=bias)
    state = rule.init(net, batch, laws.KEY)
    found = laws.credit(rule, net, batch, state)
    rates = laws.leaves(laws.recorded(net, batch.x).activities)
    y, n = np.asarray(batch.y), len(batch.y)
    for l, (layer, Z) in enumerate(zip(found.network.layers, laws.leaves(state.kept), strict=True)):
        x, p = rates[l].reshape(n, -1), rates[l + 1]
        expected, at_one = np.zeros(layer.weight.shape), np.zeros(p.shape[1])
        for b in range(n):
            s = 1 if y[b, 0] == 1 else -1
            for i in range(p.shape[1]):
                third = Z[i] * s / n
                at_one[i] -= third * Corrected()(1.0, p[b, i])
                for j in range(x.shape[1]):
                    expected[i, j] -= third * Corrected()(x[b, j], p[b, i])
        np.testing.assert_allclose(layer.weight, expected, rtol=1e-9, atol=1e-12)
        if bias:
            laws.assert_close(layer.bias, at_one)
        else:
            assert layer.bias is None


def test_the_update_depends_on_nothing_but_its_factors():
    """With the rates held, neither the weights nor any other unit's rate moves a change: the
    Jacobian of W_ij's change has entries at x_j and p_i alone, and none at the weights."""
    rule = AssociativeSTDP()
    net, batch = tiny_task()
    state = rule.init(net, batch, laws.KEY)
    recorded = laws.recorded(net, batch.x).preactivations

    @jax.jit
    def change(weights, preactivations):
        held = tuple(
            Given(W, layer.bias, layer.in_shape, layer.activation, layer, a)
            for layer, W, a in zip(net.layers, weights, preactivations, strict=True)
        )
        found = rule.credit(type(net)(held, net.loss), state, batch, laws.STEP_KEY)
        return [layer.weight for layer in found.network.layers]

    weights = laws.leaves([layer.weight for layer in net.layers])
    rescaled = change([3 * W - 1 for W in weights], recorded)
    laws.assert_close(rescaled, change(weights, recorded))

    by_rates = jax.jit(jax.jacobian(change, argnums=1))(weights, recorded)
    for l, row in enumerate(by_rates):
        for k, slope in enumerate(row):
            units = np.asarray(slope).any(axis=2)  # (post i, pre j, unit of layer k)
            post, pre, seen = np.nonzero(units)
            if k == l:
                np.testing.assert_array_equal(post, seen)
                assert len(seen)
            elif k == l - 1:
                np.testing.assert_array_equal(pre, seen)
                assert len(seen)
            else:
                assert not len(seen)


def test_all_signs_flip_with_the_label_and_never_with_the_output():
    rule = AssociativeSTDP()
    net, batch = tiny_task()
    state = rule.init(net, batch, laws.KEY)
    y = np.asarray(batch.y)
    flipped = Batch(batch.x, jax.device_put(1 - y))
    ours, theirs = (laws.credit(rule, net, b, state) for b in (batch, flipped))
    laws.assert_close(ours.network, laws.mapped(np.negative, theirs.network))
    laws.assert_close(ours.signals, [-Z * (2 * y - 1) for Z in laws.leaves(state.kept)])


@pytest.mark.parametrize(("hidden", "classes"), [((32, 16), 2), ((7, 5), 2), ((12, 9), 3)])
def test_associativity_is_balanced_fixed_and_drawn_anew(hidden, classes):
    rule = AssociativeSTDP(signs=OneVsRest()) if classes > 2 else AssociativeSTDP()
    net, batch = tiny_task(hidden, classes)
    state = rule.init(net, batch, laws.KEY)
    for Z, units in zip(laws.leaves(state.kept), hidden, strict=False):
        assert set(np.unique(Z)) == {-1.0, 1.0}
        bounds = np.arange(net.units + 1) * units // net.units
        for begin, end in itertools.pairwise(bounds):
            assert Z[begin:end].sum() == (end - begin) % 2
    np.testing.assert_array_equal(state.kept[-1], 1.0)
    # JAX would compile a run's programs again when training makes weak types firm.
    assert not any(Z.weak_type for Z in state.kept)
    laws.assert_close(laws.credit(rule, net, batch, state).kept, state.kept)
    other = rule.init(net, batch, jax.random.key(3))
    assert any(not np.array_equal(a, b) for a, b in zip(state.kept, other.kept, strict=True))


@pytest.mark.parametrize("rest", [1.0, 0.5])
def test_one_against_the_rest_is_two_classes_for_every_block(rest):
    rule = AssociativeSTDP(signs=OneVsRest(rest))
    net, batch = tiny_task((6, 9), classes=3)
    state = rule.init(net, batch, laws.KEY)
    found = laws.credit(rule, net, batch, state)
    y = np.asarray(batch.y)
    for Z, signal in zip(laws.leaves(state.kept), laws.leaves(found.signals), strict=True):
        per_class = signal.shape[1] // 3
        for unit in range(signal.shape[1]):
            s = np.where(y[:, unit // per_class] == 1, 1.0, -rest)
            np.testing.assert_allclose(signal[:, unit], -Z[unit] * s)


def test_a_sum_is_the_mean_times_the_examples():
    net, batch = tiny_task()
    mean, total = (
        laws.credit(rule, net, batch).network
        for rule in (AssociativeSTDP(), AssociativeSTDP(reduction=Sum()))
    )
    laws.assert_close(total, laws.mapped(lambda a: a * len(batch.y), mean))
    assert not AssociativeSTDP(reduction=Sum()).traits.independent


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": 3}, "one global sign tells two classes apart, and the network has 3 outputs"),
        ({"activation": tanh}, "layer 1 is tanh; use activation sigmoid"),
    ],
)
def test_networks_it_cannot_serve_are_refused(change, words):
    net = tiny.network((5, 4), loss=BCE, **{"activation": sigmoid, "classes": 2, **change})
    with pytest.raises(UsageError, match=words):
        AssociativeSTDP().init(net, tiny.batch(net), laws.KEY)


def test_one_against_the_rest_needs_units_for_every_class():
    net, batch = tiny_task((6, 5), classes=3)
    with pytest.raises(UsageError, match="layer 2 has 5 in all; give it more"):
        AssociativeSTDP(signs=OneVsRest()).init(net, batch, laws.KEY)


def test_a_geometry_that_is_not_registered_is_refused():
    net, batch = tiny_task()
    of_any_layer = pair.dispatch(Layer)
    with pytest.raises(UsageError, match="which units each weight joins, and Dense does not say"):
        of_any_layer(net.layers[0], Hebbian(), batch.x, ())


def test_it_learns_two_digits_without_an_error():
    with jax.enable_x64(False):
        mnist = load("mnist").select((0, 1)).limit(2000)
        found = fit(AssociativeSTDP(Corrected(1e-2)), mnist, epochs=2, lr=3e-3)
    assert found.test_accuracy > 0.98


def test_blocks_are_as_equal_as_can_be():
    assert block_sizes(16, 10) == [1, 2, 1, 2, 2, 1, 2, 1, 2, 2]
    assert block_sizes(5, 1) == [5]
