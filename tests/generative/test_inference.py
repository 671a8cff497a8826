"""Laws of inference by iterated difference target propagation."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from apical.errors import UsageError
from apical.generative.estimators import DifferenceTargets, TrueGradient
from apical.generative.inference import (
    Inference,
    ascent,
    infer,
    log_joint,
    observed,
    partly_observed,
    step,
)
from apical.generative.sampling import complete, refine
from apical.generative.stack import Stack
from apical.networks.activations import Activation
from apical.networks.layers import Dense, Layer
from tests.generative.tiny import INPUTS, activities, examples, linear, orthonormal, stack

pytestmark = pytest.mark.usefixtures("float64")


@partial(jax.jit, static_argnames="by")
def inferred_from(maps, x, h, by):
    """What inference makes of h where all of x is known."""
    return infer(maps, observed(maps, x, by), h, by)


@jax.jit
def encoded(maps, x):
    return maps.encode(x)


def close(found, expected):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_by_hand_two_layers():
    """Algorithm 2 of the paper, line by line."""
    maps, x, (h1, h2, _) = stack(), examples(), activities()
    f1, f2, _ = maps.encoders
    g1, g2, _ = maps.decoders
    two = Stack((f1, f2), (g1, g2))
    by = Inference(1, 0.1, 0.02)

    @jax.jit
    def both(x, h1, h2):
        new2 = h2 + 0.1 * (f2(h1) - f2(g2(h2)))
        new1 = h1 + 0.1 * (f1(x) - f1(g1(h1))) + 0.02 * (g2(new2) - h1)
        return step(two, observed(two, x, by), (h1, h2), by), (new1, new2)

    close(*both(x, h1, h2))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_on_linear_maps_with_orthonormal_columns_a_step_ascends_the_gradient(depth):
    """f = pinv(g), alpha = delta: each layer in turn, from the top, by delta dJ/dh_l."""
    maps, x, h, delta = orthonormal(depth), examples(), activities(depth=depth), 0.07
    by = Inference(1, delta, delta)

    @jax.jit
    def both(h):
        expected = list(h)
        for l in reversed(range(depth)):
            rise = jax.grad(lambda h: jnp.sum(log_joint(maps, x, h)))(tuple(expected))
            expected[l] = h[l] + delta * rise[l]
        return step(maps, observed(maps, x, by), h, by), tuple(expected)

    close(*both(h))


def log_q(maps, x, h):
    """log q(h | x) up to a constant, as it is written."""
    pairs = zip(maps.encoders, (x, *h[:-1]), h, strict=True)
    return -0.5 * sum(jnp.sum((a - f(b)) ** 2) for f, b, a in pairs)


@pytest.mark.parametrize("beta", [0.0, 0.03])
def test_with_true_gradients_a_step_ascends_the_joint_and_q_on_any_maps(beta):
    maps, x, h = stack(), examples(), activities()
    by = Inference(1, 0.07, 0.07, beta, TrueGradient())

    def climbed(h):
        return by.delta * jnp.sum(log_joint(maps, x, h)) + by.beta * log_q(maps, x, h)

    @jax.jit
    def all_three(h):
        expected = list(h)
        for l in reversed(range(3)):
            expected[l] = h[l] + jax.grad(climbed)(tuple(expected))[l]
        known = jnp.ones((1, INPUTS), bool)
        evidence = observed(maps, x, by), partly_observed(maps, x, known, by)
        return tuple(expected), *(step(maps, each, h, by) for each in evidence)

    expected, whole, by_parts = all_three(h)
    close(whole, expected)
    close(by_parts, expected)


def test_on_such_linear_maps_the_estimators_agree_on_q_too():
    maps, x, h = orthonormal(), examples(), activities()
    both = (Inference(3, 0.1, 0.1, 0.05, kind) for kind in (DifferenceTargets(), TrueGradient()))
    close(*(inferred_from(maps, x, h, by) for by in both))


def test_the_joint_is_that_of_gaussians_of_variance_one_without_a_prior():
    maps, x, h = stack(), examples(), activities()
    below = (x, *h[:-1])
    found, means = jax.jit(
        lambda maps, x, h: (
            log_joint(maps, x, h),
            [g(a) for g, a in zip(maps.decoders, h, strict=True)],
        )
    )(maps, x, h)
    densities = [
        scipy.stats.norm.logpdf(a, m).sum(axis=1) for a, m in zip(below, means, strict=True)
    ]
    constant = sum(a.shape[1] for a in below) * 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(found, sum(densities) + constant)


def test_exact_inverses_and_no_pull_from_above_leave_everything_where_it_is():
    ups = [np.random.default_rng(l).normal(size=(INPUTS, INPUTS)) for l in range(3)]
    maps, x = linear(ups, [np.linalg.inv(w) for w in ups]), examples()
    start = encoded(maps, x)
    by = Inference(15, 0.1, 0.0)
    found = inferred_from(maps, x, start, by)
    for a, b in zip(found, start, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8)


def test_nothing_but_x_enters_where_all_is_known_and_none_of_it_where_nothing_is():
    maps, x, h = stack(), examples(), activities()
    by = Inference(4, 0.1, 0.05)

    @partial(jax.jit, static_argnames="by")
    def masked(x, known, by):
        return infer(maps, partly_observed(maps, x, known, by), h, by)

    everything, nothing = np.ones((1, INPUTS), bool), np.zeros((1, INPUTS), bool)
    close(masked(x, everything, by), inferred_from(maps, x, h, by))
    close(masked(x, nothing, by), masked(np.asarray(x) + 100, nothing, by))
    # Its own reconstruction is no evidence: the first layer is moved by the one above alone.
    (h1, *_) = masked(x, nothing, Inference(1, 0.1, 0.0))
    close(h1, h[0])


def test_a_trace_has_the_joint_before_the_first_step_and_after_each():
    maps, x = stack(), examples()
    by = Inference(3, 0.1, 0.2)

    @jax.jit
    def both(x):
        h, expected = maps.encode(x), []
        for _ in range(4):
            expected.append(jnp.mean(log_joint(maps, x, h)))
            h = step(maps, observed(maps, x, by), h, by)
        return ascent(maps, x, by), jnp.array(expected)

    close(*both(x))


def permuted(maps: Stack, orders: list[np.ndarray]) -> Stack:
    """The same stack with the units of every latent layer in another order."""

    def moved(layer, rows, columns) -> Dense:
        weight, bias = np.asarray(layer.weight)[rows][:, columns], np.asarray(layer.bias)[rows]
        weight, bias = jax.device_put((weight, bias))
        return Dense(weight, bias, layer.in_shape, layer.activation)

    inputs = [np.arange(INPUTS), *orders]
    pairs = list(zip(inputs, orders, strict=False))
    return Stack(
        tuple(moved(f, up, down) for f, (down, up) in zip(maps.encoders, pairs, strict=True)),
        tuple(moved(g, down, up) for g, (down, up) in zip(maps.decoders, pairs, strict=True)),
    )


def test_the_order_of_latent_units_changes_nothing_but_their_order():
    maps, x, h = stack(), examples(), activities()
    orders = [np.random.default_rng(l).permutation(a.shape[1]) for l, a in enumerate(h)]
    other = permuted(maps, orders)
    known = jax.device_put(np.arange(INPUTS) < 3)

    def reordered(h):
        return tuple(np.asarray(a)[:, o] for a, o in zip(h, orders, strict=True))

    @partial(jax.jit, static_argnames=("of", "by"))
    def inferred(maps, h, of, by):
        return infer(maps, of(maps, x, by), h, by)

    for by, of in itertools.product(
        (Inference(3, 0.1, 0.2), Inference(3, 0.1, 0.2, 0.05, TrueGradient())),
        (observed, lambda maps, x, by: partly_observed(maps, x, known[None], by)),
    ):
        found, again = (inferred(*each, of, by) for each in ((maps, h), (other, reordered(h))))
        close(again, reordered(found))

    @jax.jit
    def imagined(maps, top):
        return maps.decode(top), refine(maps, x, 2, Inference(3, 0.1, 0.2))

    close(imagined(other, reordered(h)[-1]), imagined(maps, h[-1]))


@jax.custom_jvp
def forbidden(a):
    return jax.nn.sigmoid(a)


@forbidden.defjvp
def _(primals, tangents):
    raise AssertionError("a derivative was taken")


class Underivable(Activation):
    """A sigmoid of which nothing may take the derivative."""

    name = ""
    lowest, highest = 0.0, 1.0

    def __call__(self, a):
        return forbidden(a)


@pytest.mark.parametrize("modalities", [(), ("4,3", "2,2")])
def test_no_derivative_of_any_layer_is_taken(monkeypatch, modalities):
    """Neither of an activation nor of a connection, in inference, sampling and completion."""
    guard = Underivable()
    maps = stack(activation=guard, top=guard, visible=guard, modalities=modalities)
    through = jax.custom_jvp(lambda w, b, x: x @ w.T + b)

    @through.defjvp
    def _(primals, tangents):
        raise AssertionError("a derivative was taken")

    def refuse(self, *given):
        raise AssertionError("a derivative was asked for")

    monkeypatch.setattr(Dense, "preactivation", lambda f, x: through(f.weight, f.bias, x))
    for name in ("pull", "modulate", "gradient"):
        monkeypatch.setattr(Layer, name, refuse)
    x, by = examples(), Inference(3, 0.1, 0.2, beta=0.1)
    known = jax.device_put(np.arange(INPUTS)[None] < 3)
    jax.make_jaxpr(lambda x: infer(maps, observed(maps, x, by), maps.encode(x), by))(x)
    jax.make_jaxpr(lambda x: ascent(maps, x, by))(x)
    jax.make_jaxpr(lambda x: refine(maps, x, 2, by))(x)
    jax.make_jaxpr(lambda x: complete(maps, x, known, 2, by))(x)
    with pytest.raises(AssertionError, match="a derivative was taken"):
        jax.grad(lambda x: jnp.sum(maps.decode(maps.encode(x)[-1])))(x)


def test_maps_that_do_not_meet_are_refused():
    maps = stack()
    with pytest.raises(UsageError, match="make every decoder lead from its encoder's outputs"):
        Stack(maps.encoders, maps.decoders[::-1])
    with pytest.raises(UsageError, match="neighbours meet"):
        Stack(maps.encoders[::2], maps.decoders[::2])


def test_a_step_costs_no_pass_of_x_through_the_first_encoder():
    """f_1(x) is the same at every step, and is formed once."""
    maps, x = stack(), examples()
    by = Inference(1, 0.1, 0.1)
    evidence = observed(maps, x, by)
    jaxpr = str(jax.make_jaxpr(lambda h: step(maps, evidence, h, by))(encoded(maps, x)))
    # g_l and f_l of g_l in each layer, f_l of h_{l-1} and g_l of what has moved in all but one.
    assert jaxpr.count("dot_general") == 3 * 2 + 2 * 2
