"""Which rates a weight joins, in every geometry."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.networks.activations import sigmoid
from apical.networks.layers import Conv2d, Dense, LocallyConnected2d, Window
from apical.networks.layers.pairing import pair
from apical.testing import laws

paired = eqx.filter_jit(pair)
pytestmark = pytest.mark.usefixtures("float64")

IMAGE = (5, 4, 2)
KEY = jax.random.key(0)
WINDOW = Window((3, 2), stride=2)


def layers():
    return {
        "dense": Dense.create(IMAGE, 6, sigmoid, key=KEY),
        "local": LocallyConnected2d.create(IMAGE, 3, sigmoid, WINDOW, key=KEY),
        "conv": Conv2d.create(IMAGE, 3, sigmoid, WINDOW, key=KEY),
    }


def rates(layer):
    draw = np.random.default_rng(0)
    shapes = (4, *IMAGE), (4, *layer.out_shape)
    return tuple(jax.device_put(draw.uniform(size=shape)) for shape in shapes)


def curved(x, p):
    """Nothing at x = 0, as for the zeros around an image."""
    return x**2 * p + jnp.sin(x) * p**3


@pytest.mark.parametrize("name", ["dense", "local", "conv"])
def test_a_product_of_the_rates_is_the_layers_own_gradient(name):
    layer = layers()[name]
    x, post = rates(layer)
    found = paired(layer, lambda a, p: a * p, x, post)
    mean = eqx.filter_jit(layer.gradient)(x, post)
    laws.assert_close(found, laws.mapped(lambda of_mean: 4 * of_mean, mean))


def test_each_position_of_a_local_layer_is_a_fully_connected_one():
    layer = layers()["local"]
    x, post = rates(layer)
    found = np.asarray(paired(layer, curved, x, post).weight)
    weights, patches = np.asarray(layer.weight), np.asarray(layer.window.patches(x))
    for place, units in enumerate(np.asarray(post).reshape(4, -1, 3).swapaxes(0, 1)):
        dense = Dense(jax.device_put(weights[place]), None, patches.shape[2:], sigmoid)
        here = paired(dense, curved, *jax.device_put((patches[place], units)))
        laws.assert_close(found[place], here.weight)


def test_a_convolution_sums_over_its_positions():
    local, conv = layers()["local"], layers()["conv"]
    x, post = rates(conv)
    apart, together = (paired(layer, curved, x, post) for layer in (local, conv))
    laws.assert_close(together.weight, np.asarray(apart.weight).sum(axis=0))
    laws.assert_close(together.bias, np.asarray(apart.bias).reshape(-1, 3).sum(axis=0))
