"""Which rates a weight joins, in every geometry."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.networks.activations import sigmoid
from apical.networks.layers import Conv2d, Dense, LocallyConnected2d, Window
from apical.networks.layers.pairing import pair
from apical.testing import laws

pytestmark = pytest.mark.usefixtures("float64")

IMAGE = (5, 4, 2)
KEYS = jax.random.split(jax.random.key(0), 3)
WINDOW = Window((3, 2), stride=2)


def layers():
    return {
        "dense": Dense.create(IMAGE, 6, sigmoid, key=KEYS[0]),
        "local": LocallyConnected2d.create(IMAGE, 3, sigmoid, WINDOW, key=KEYS[0]),
        "conv": Conv2d.create(IMAGE, 3, sigmoid, WINDOW, key=KEYS[0]),
    }


def rates(layer):
    x = jax.random.uniform(KEYS[1], (4, *IMAGE))
    return x, jax.random.uniform(KEYS[2], (4, *layer.out_shape))


def curved(x, p):
    """Nothing at x = 0, as for the zeros around an image."""
    return x**2 * p + jnp.sin(x) * p**3


@pytest.mark.parametrize("name", ["dense", "local", "conv"])
def test_a_product_of_the_rates_is_the_layers_own_gradient(name):
    layer = layers()[name]
    x, post = rates(layer)
    found = pair(layer, lambda a, p: a * p, x, post)
    mean = layer.gradient(x, post)
    laws.assert_close(found.weight, 4 * mean.weight)
    laws.assert_close(found.bias, 4 * mean.bias)


def test_each_position_of_a_local_layer_is_a_fully_connected_one():
    layer = layers()["local"]
    x, post = rates(layer)
    found = pair(layer, curved, x, post)
    patches = layer.window.patches(x)
    for place, units in enumerate(post.reshape(4, -1, 3).swapaxes(0, 1)):
        dense = Dense(layer.weight[place], None, patches.shape[2:], sigmoid)
        laws.assert_close(found.weight[place], pair(dense, curved, patches[place], units).weight)


def test_a_convolution_sums_over_its_positions():
    local, conv = layers()["local"], layers()["conv"]
    x, post = rates(conv)
    apart, together = (pair(layer, curved, x, post) for layer in (local, conv))
    laws.assert_close(together.weight, apart.weight.sum(axis=0))
    laws.assert_close(together.bias, np.asarray(apart.bias).reshape(-1, 3).sum(axis=0))
