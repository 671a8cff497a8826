"""Laws of what maps learn from inference: its final values, or the temporal derivative along it."""

from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.generative.estimators import TrueGradient
from apical.generative.inference import Inference, log_joint, observed, step
from apical.generative.learner import Carry
from apical.generative.lessons import FinalValues, TemporalDerivative, update
from apical.generative.stack import Stack
from apical.generative.stages import Rates
from apical.networks.activations import Activation, identity, sigmoid
from apical.networks.layers import Dense, Layer
from apical.training.learner import Examples
from tests.generative.test_inference import Underivable
from tests.generative.test_training import learner
from tests.generative.tiny import examples, model, stack

RATES = Rates(*[jax.device_put(np.full(3, 0.3, np.float32))] * 4)
KEY = jax.random.key(1)
SHARE = 0.7
"""Of log q(h | x) in J: beta as a part of delta."""


def close(found, expected, rtol=1e-9):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)


def paired(reads, moved):
    """A layer's weights and biases by S_i dV_j, averaged over examples; descended."""
    return -jnp.einsum("ei,ej->ji", reads, moved) / len(reads), -jnp.mean(moved, axis=0)


def by_a_plain_loop(mine, maps, x):
    """What inference ends with, what encoders and decoders learn of the steps, and the loss."""
    by, way = mine.inference, [maps.encode(x)]
    for _ in range(mine.steps):
        way.append(step(maps, observed(maps, x, by), way[-1], by))
    up, down = mine.corrupt(x, way[-1], RATES, KEY)
    encoders = []
    for l, f in enumerate(maps.encoders):
        below = [(x, *h)[l] for h in way]
        noise = up[l] - below[-1]
        places = [f(below[0] + noise), *(h[l] for h in way)]
        reads = [below[0], *below[:-1]]
        total = [0.0, 0.0]
        for s, before, after in zip(reads, places[:-1], places[1:], strict=True):
            total = [a + b for a, b in zip(total, paired(s + noise, after - before), strict=True)]
        encoders.append(total)
    targets = (x, *way[-1][:-1])
    decoders = [paired(down[l], targets[l] - g(down[l])) for l, g in enumerate(maps.decoders)]
    return way[-1], encoders, decoders, update(maps, x, way[-1], up, down).loss


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("beta", [0.0, 0.05])
def test_the_temporal_derivative_is_a_sum_along_the_whole_way(beta):
    """As a plain loop over steps that are kept, each read with the same noise."""
    mine = model(steps=4, alpha=0.2, beta=beta, lesson="temporal-derivative")
    maps, x = stack(), examples()
    (inferred, found), (h, encoders, decoders, loss) = jax.jit(
        lambda maps, x: (mine.learn(maps, x, RATES, KEY), by_a_plain_loop(mine, maps, x))
    )(maps, x)
    close(inferred, h)
    for learned, expected in zip(found.gradients.encoders, encoders, strict=True):
        close((learned.weight, learned.bias), expected)
    for learned, expected in zip(found.gradients.decoders, decoders, strict=True):
        close((learned.weight, learned.bias), expected)
    close(found.loss, loss)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("linear", "equal"), [(True, True), (False, False)])
def test_on_linear_units_of_one_layer_both_lessons_are_one(linear, equal):
    """x is clamped, so that what is read never changes and the sum telescopes."""
    maps, x = stack(), examples()
    first, above = maps.encoders[:1], maps.decoders[:1]
    if linear:
        first, above = ((Dense(m.weight, m.bias, m.in_shape, identity),) for (m,) in (first, above))
    by = Inference(5, 0.1, 0.1)

    @jax.jit
    def both(one, x):
        def corrupt(h):
            noise = [0.3 * jax.random.normal(KEY, a.shape) for a in (x, *h)]
            return (x + noise[0],), (h[0] + noise[1],)

        return [kind.learn(one, x, by, corrupt) for kind in (FinalValues(), TemporalDerivative())]

    targets, derivative = both(Stack(first, above), x)
    close(derivative[0], targets[0])
    close(derivative[1].loss, targets[1].loss)
    gradients = (jax.tree.leaves(lesson[1].gradients) for lesson in (derivative, targets))
    apart = [abs(np.subtract(a, b)).max() for a, b in zip(*gradients, strict=True)]
    assert (max(apart) < 1e-12) == equal
    assert equal or min(apart) > 1e-3


@pytest.mark.usefixtures("float64")
def test_final_values_are_inferred_and_then_descended():
    mine, maps, x = model(), stack(), examples()
    assert mine.lesson == FinalValues()

    @jax.jit
    def both(maps, x):
        h = mine.infer(maps, x)
        expected = h, update(maps, x, h, *mine.corrupt(x, h, RATES, KEY))
        return mine.learn(maps, x, RATES, KEY), expected

    found, expected = both(maps, x)
    close(found, expected, rtol=0)


@pytest.mark.parametrize("lesson", [FinalValues(), TemporalDerivative()])
def test_a_minibatch_teaches_the_models_lesson(lesson):
    mine, x = learner(lesson=lesson, stages=("from:0,1,1,0.3,0.3",)), examples()
    before = stack()
    carry = Carry(before, mine.optimizer.init(before), jnp.zeros((), jnp.int32))
    rates = Rates(*[jnp.ones(3)] * 2, *[jnp.full(3, 0.3)] * 2)

    @jax.jit
    def both(carry, x):
        before = carry.stack
        h, found = lesson.learn(
            before, x, mine.model.inference, lambda h: mine.model.corrupt(x, h, rates, KEY)
        )
        expected = jax.tree.map(lambda w, d: w - 0.5 * d, before, found.gradients)
        written = expected, found.loss, jnp.mean(log_joint(before, x, h))
        return mine.step(None, carry, Examples(x, None), KEY), written

    (after, metrics), (expected, loss, joint) = both(carry, x)
    for a, b in zip(jax.tree.leaves(after.stack), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(metrics["train_loss"], loss, rtol=1e-5)
    np.testing.assert_allclose(metrics["train_log_joint"], joint, rtol=1e-5)


def test_the_temporal_derivative_takes_no_derivative_of_an_activation(monkeypatch):
    """Neither does its inference: the whole of learning does without."""
    guard = Underivable()
    maps, x = stack(activation=guard, top=guard, visible=guard), examples()

    def refuse(self, *given):
        raise AssertionError("a derivative was asked for")

    monkeypatch.setattr(Layer, "pull", refuse)
    monkeypatch.setattr(Layer, "modulate", refuse)
    for lesson in ("temporal-derivative", "final-values"):
        mine = model(lesson=lesson, beta=0.1)

        def trace(mine=mine):
            jax.make_jaxpr(lambda x: mine.learn(maps, x, RATES, KEY))(x)

        if lesson == "final-values":
            with pytest.raises(AssertionError, match="a derivative was asked for"):
                trace()
        else:
            trace()


# The variational-EM reading. Latent units are potentials V: maps read s(V), and give V.


class Reading(Layer):
    """a = W s(x) + b, with s the sigmoid of the units below."""

    weight: jax.Array
    bias: jax.Array
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)

    @property
    def out_shape(self):
        return (self.weight.shape[0],)

    @property
    def fans(self):
        return self.weight.shape[::-1]

    def preactivation(self, x):
        return sigmoid(x) @ self.weight.T + self.bias


def potentials(seed=0) -> Stack:
    """Three latent layers of potentials over x, which the first encoder reads as it is."""
    drawn = stack(seed)

    def reading(layer, gives=identity):
        return Reading(layer.weight, layer.bias, layer.in_shape, gives)

    first, *others = drawn.encoders
    return Stack(
        (Dense(first.weight, first.bias, first.in_shape, identity), *map(reading, others)),
        (reading(drawn.decoders[0], sigmoid), *map(reading, drawn.decoders[1:])),
    )


def climbed(maps, x, h):
    """The mean of J = log p(x, h) + SHARE log q(h | x), up to a constant."""
    q = [
        jnp.sum((a - f(b)) ** 2, axis=1)
        for f, b, a in zip(maps.encoders, (x, *h[:-1]), h, strict=True)
    ]
    return jnp.mean(log_joint(maps, x, h) - 0.5 * SHARE * sum(q))


def clean(x):
    return lambda h: ((x, *h[:-1]), h)


def shrinks(error: Callable[[float], float]) -> None:
    """The relative error falls with delta as a line does."""
    wide, narrow = error(1e-3), error(1e-4)
    assert narrow < 1e-2
    assert 9 < wide / narrow < 11


def apart(found, expected):
    """The distance of two maps' changes, relative to the expected one."""
    found, expected = (
        np.concatenate([np.ravel(a) for a in jax.tree.leaves(t)]) for t in (found, expected)
    )
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


@partial(jax.jit, static_argnames="delta")
def stepped(maps, x, steps, delta, held=None):
    """The change of all maps in so many steps of inference, divided by the size of these all.

    Decoders read the `held` h, or else the inferred one.
    """
    by = Inference(steps, delta, delta, SHARE * delta, TrueGradient())
    read = clean(x) if held is None else lambda _: ((x, *held[:-1]), held)
    _, found = TemporalDerivative().learn(maps, x, by, read)
    return jax.tree.map(lambda d: -d / (steps * delta), found.gradients)


@partial(jax.jit, static_argnames="l")
def ascent_of_encoder(maps, x, l):
    """The gradient of J by a layer's weights where it is h_l = f_l(h_{l-1}), others being held."""
    start = maps.encode(x)

    def of_weights(layer):
        h = (*start[:l], layer((x, *start)[l]), *start[l + 1 :])
        return climbed(eqx.tree_at(lambda m: m.encoders[l], maps, layer), x, h)

    return jax.grad(of_weights)(maps.encoders[l])


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("l", [0, 1, 2])
def test_inference_and_the_temporal_derivative_are_a_gradient_step_of_encoders(steps, l):
    maps, x = potentials(), examples()
    ascent = ascent_of_encoder(maps, x, l)

    def error(delta):
        return apart(stepped(maps, x, steps, delta).encoders[l], ascent)

    if (steps, l) == (1, 2):  # the top moves first, and along a line
        assert error(1e-3) < 1e-9
    else:
        shrinks(error)


@pytest.mark.usefixtures("float64")
def test_with_one_hidden_layer_it_is_the_gradient_of_j_of_the_feedforward_state():
    maps, x = potentials(), examples()
    one = Stack(maps.encoders[:1], maps.decoders[:1])

    by = Inference(1, 0.01, 0.01, estimator=TrueGradient())

    @jax.jit
    def both(one):
        def of_weights(f):
            return climbed(Stack((f,), one.decoders), x, (f(x),))

        _, found = TemporalDerivative().learn(one, x, by, clean(x))
        change = jax.tree.map(lambda d: -d / 0.01, found.gradients.encoders[0])
        return change, jax.grad(of_weights)(one.encoders[0])

    close(*both(one))


@partial(jax.jit, static_argnames="l")
def generated(maps, x, l):
    """A state with h_{l-1} = g_l(h_l), and maps whose encoders agree with it."""
    keys = jax.random.split(KEY, 3)
    h = [jax.random.normal(k, (1, units)) for k, units in zip(keys, maps.units[1:], strict=True)]
    h[l - 1] = maps.decoders[l](h[l])
    below = (x, *h[:-1])
    misses = [(a - f(b))[0] for f, a, b in zip(maps.encoders, h, below, strict=True)]
    biases = jax.tree.map(jnp.add, [f.bias for f in maps.encoders], misses)
    maps = eqx.tree_at(lambda m: [f.bias for f in m.encoders], maps, biases)
    return maps, tuple(h), maps.encode(x)


@partial(jax.jit, static_argnames="l")
def ascent_of_decoder(maps, x, h, l):
    """The gradient of J by the weights that generate a layer of h, what they read being held."""

    def of_weights(layer):
        moved = (*h[: l - 1], layer(h[l]), *h[l:])
        return climbed(eqx.tree_at(lambda m: m.decoders[l], maps, layer), x, moved)

    return jax.grad(of_weights)(maps.decoders[l])


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("l", [1, 2])
def test_inference_and_the_temporal_derivative_are_a_gradient_step_of_decoders(steps, l):
    """From a state that the decoder generated. Encoders that agree with it make it the start."""
    x = np.asarray(examples())[:1]
    maps, h, start = generated(potentials(), x, l)
    close(start, h)
    ascent = ascent_of_decoder(maps, x, h, l)

    def error(delta):
        return apart(stepped(maps, x, steps, delta, held=h).decoders[l], ascent)

    if (steps, l) == (1, 2):  # the top does not move before what it explains does
        assert error(1e-3) < 1e-9
    else:
        shrinks(error)


@pytest.mark.usefixtures("float64")
def test_at_any_h_decoders_climb_the_gradient_of_j_where_h_is_a_potential():
    maps, x = potentials(), examples()

    @jax.jit
    def both(maps):
        h, found = TemporalDerivative().learn(maps, x, Inference(15, 0.1, 0.1), clean(x))
        return found.gradients, jax.grad(lambda m: -climbed(m, x, h))(maps)

    found, descent = both(maps)
    for l in (1, 2):
        close(found.decoders[l], descent.decoders[l])


@partial(jax.jit, static_argnames="l")
def at_activities(maps, x, l):
    """What an encoder reads, how J rises with what it gives and with its weights, the slope of its
    activation, and how its weights change."""
    start, f = maps.encode(x), maps.encoders[l]
    reads = (x, *start)[l]

    def of_activity(a):
        return len(x) * climbed(maps, x, (*start[:l], a, *start[l + 1 :]))

    by = Inference(1, 1e-6, 1e-6, estimator=TrueGradient())
    _, found = TemporalDerivative().learn(maps, x, by, clean(x))
    rise = jax.grad(of_activity)(start[l])
    gradient = jax.grad(lambda w: of_activity(f.activation(reads @ w.T + f.bias)))(f.weight)
    slope = jax.vmap(jax.vmap(jax.grad(f.activation)))(f.preactivation(reads))
    return reads, rise, gradient, slope, -found.gradients.encoders[l].weight * len(x) / 1e-6


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("l", [0, 1, 2])
def test_where_h_is_an_activity_a_units_change_lacks_the_slope_of_its_activation(l):
    found = at_activities(stack(), examples(), l)
    reads, rise, gradient, slope, change = map(np.asarray, found)
    assert slope.min() > 0
    close(np.einsum("ei,ej->ji", reads, slope * rise), gradient)
    close(change, np.einsum("ei,ej->ji", reads, rise), rtol=1e-4)
