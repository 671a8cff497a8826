"""What units send in place of their activity, and layers that read it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.networks.activations import sigmoid, softmax, tanh
from apical.networks.initialisers import LeCun
from apical.networks.layers import Conv2d, Dense, LocallyConnected2d, Transmitted, Window
from apical.networks.layers.pairing import pair
from apical.networks.layers.transmitted import drawn, transmitted
from apical.networks.transmission import Bernoulli, Graded, Sign
from apical.testing import laws
from apical.training.passes import mean_over_passes
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")


def dense(key=0, shape=(6,), units=4, activation=tanh):
    one, two = jax.random.split(jax.random.key(key))
    made = Dense.create(shape, units, activation, key=one)
    return Dense(made.weight, jax.random.normal(two, (units,)), shape, activation)


def reads(layer, h):
    assert isinstance(layer, Transmitted)
    return layer.read(h)


def test_signs():
    h = jnp.array([[0.0, -0.0, 1e-300, -1e-300, 0.7, -3.0]])
    assert Sign().sent(h, None).tolist() == [[-1.0, -1.0, 1.0, -1.0, 1.0, -1.0]]
    assert Sign().sent(h.astype(jnp.float32), None).dtype == jnp.float32


def test_what_is_sent_back():
    assert Sign().returned(tanh) == Sign()
    assert Sign().returned(softmax) == Graded()
    assert Bernoulli().returned(sigmoid) == Graded()


def test_samples_have_the_activity_for_their_mean():
    h, n = np.linspace(0, 1, 9)[None], 20_000
    sent = np.asarray(Bernoulli().sent(jax.device_put(np.tile(h, (n, 1))), laws.KEY))
    assert set(np.unique(sent)) == {0.0, 1.0}
    error = np.abs(sent.mean(axis=0) - h[0])
    assert (error <= 4 * np.sqrt(h[0] * (1 - h[0]) / n)).all()
    # Units and examples are drawn independently of each other.
    correlations = np.corrcoef(sent[:, 1:-1].T) - np.eye(7)
    assert np.abs(correlations).max() < 4 / np.sqrt(n)
    np.testing.assert_array_equal(Bernoulli().sent(h, None), h)


LAYERS = {
    "dense": dense(shape=(4, 5, 2)),
    "local": tiny.image_layer(LocallyConnected2d, (4, 5, 2), Window((3, 3), 2)),
    "conv": tiny.image_layer(Conv2d, (4, 5, 2), Window((3, 3), 2)),
}


@pytest.fixture(params=LAYERS)
def layer(request, float64):
    return jax.tree.map(lambda w: w.astype(float), LAYERS[request.param])


@eqx.filter_jit
def maps(layer, x, delta):
    """The activity, the signal sent back, the gradient, and the signal through redrawn weights."""
    redrawn = layer.redrawn(LeCun(), laws.KEY)
    return layer(x), layer.pull(delta), layer.gradient(x, delta), redrawn.pull(delta)


def test_a_layer_that_reads_the_activity_is_as_before(layer):
    assert transmitted(layer, Graded()) is layer
    assert drawn(layer, laws.KEY) is layer


@pytest.mark.parametrize("transmission", [Graded(), Sign(), Bernoulli()])
def test_it_is_the_plain_layer_on_what_is_sent(layer, transmission):
    """Forward and towards the weights; towards the input, what is sent has derivative 1."""
    reading = drawn(Transmitted.of(layer, transmission), laws.KEY)
    draw = np.random.default_rng(0)
    x = jax.device_put(draw.uniform(-0.5, 1, (3, *layer.in_shape)))
    sent = transmission.sent(x, laws.KEY)
    assert np.array_equal(sent, x) == (transmission == Graded())
    delta = jax.device_put(draw.normal(size=(3, *layer.out_shape)))
    (ours, *found), (theirs, *expected) = maps(reading, x, delta), maps(layer, sent, delta)
    np.testing.assert_array_equal(ours, theirs)
    laws.assert_close(found, expected)
    # The draw is no weight.
    _, gradient, _ = found
    assert len(jax.tree.leaves(gradient)) == len(jax.tree.leaves(layer))
    assert (reading.fans, reading.out_shape) == (layer.fans, layer.out_shape)


def test_local_rules_join_a_weight_to_what_is_sent():
    layer, x = dense(), tiny.normal((3, 6))
    post, paired = layer(x), eqx.filter_jit(pair)
    found = paired(Transmitted.of(layer, Sign()), jnp.multiply, x, post)
    laws.assert_close(found, paired(layer, jnp.multiply, np.sign(x), post))


def test_a_drawn_network_gives_the_same_at_every_call():
    sent = Bernoulli(), Bernoulli()
    net = tiny.sending(tiny.network((5, 5), sigmoid), *sent)
    ordinary = tiny.network()
    x = tiny.batch(net).x
    one, other = net.drawn(jax.random.key(1)), net.drawn(jax.random.key(2))
    record, again, another = (
        laws.recorded(drawn, x) for drawn in (one, net.drawn(jax.random.key(1)), other)
    )
    laws.assert_close(record, again)
    assert not np.allclose(record.output, another.output)
    # Equal activities, and yet each layer draws for itself.
    half = jax.device_put(np.full((50, 5), 0.5))
    assert not np.array_equal(*(reads(layer, half) for layer in one.layers[1:]))
    assert ordinary.drawn(laws.KEY) is ordinary
    assert (net.random, ordinary.random) == (True, False)


def test_undrawn_units_send_their_means():
    net = tiny.stochastic()
    x = tiny.batch(net).x
    plain = tiny.network(activation=sigmoid)
    laws.assert_close(laws.recorded(net, x).output, laws.recorded(plain, x).output)


def test_passes_are_averaged():
    net, ordinary = tiny.stochastic(), tiny.network()
    x = tiny.batch(net).x
    keys = jax.random.split(jax.random.key(0), 3)
    outputs = [np.asarray(laws.recorded(net.drawn(key), x).output) for key in keys]
    mean = mean_over_passes(net, 3, lambda net: {"output": net(x)})["output"]
    laws.assert_close(mean, sum(outputs) / 3)
    np.testing.assert_array_equal(mean_over_passes(ordinary, 3, lambda net: net(x)), ordinary(x))
