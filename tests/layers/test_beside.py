"""Layers side by side against one layer whose matrix is block-diagonal."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import UsageError
from apical.networks.activations import identity, softmax, softplus, tanh
from apical.networks.initialisers import Uniform
from apical.networks.layers import Beside, Conv2d, Dense, LocallyConnected2d, Window
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

SIZES = [(4, 3), (2, 5), (1, 2)]


def drawn(*shape, key=0):
    return jax.random.normal(jax.random.key(key), shape)


def dense(inputs, units, key, activation=softplus, bias=True):
    weight, biases = drawn(units, inputs, key=key), drawn(units, key=key + 100)
    return Dense(weight, biases if bias else None, (inputs,), activation)


@pytest.fixture(params=[True, False])
def both(request):
    """Blocks beside each other, and the dense layer of their block-diagonal matrix."""
    layers = [dense(*sizes, key, bias=request.param) for key, sizes in enumerate(SIZES)]
    bias = jnp.concatenate([layer.bias for layer in layers]) if request.param else None
    whole = jax.scipy.linalg.block_diag(*(layer.weight for layer in layers))
    return Beside.of(layers), Dense(whole, bias, (whole.shape[1],), softplus)


def test_it_is_a_block_diagonal_matrix_in_every_map(both):
    beside, whole = both
    x, delta = drawn(6, 7, key=1), drawn(6, 10, key=2)
    assert (beside.in_shape, beside.out_shape) == (whole.in_shape, whole.out_shape)
    laws.assert_close(beside(x), whole(x))
    laws.assert_close(beside.pull(delta), whole.pull(delta))
    laws.assert_close(beside.modulate(delta, delta), whole.modulate(delta, delta))
    found, expected = beside.gradient(x, delta), whole.gradient(x, delta)
    row = column = 0
    for block, (inputs, units) in zip(found.parts, SIZES, strict=True):
        within = expected.weight[row : row + units, column : column + inputs]
        laws.assert_close(block.weight, within)
        if whole.bias is not None:
            laws.assert_close(block.bias, expected.bias[row : row + units])
        row, column = row + units, column + inputs


def test_the_order_of_blocks_changes_nothing_but_the_order():
    one, two = dense(4, 3, 0), dense(2, 5, 1)
    a, b = drawn(6, 4, key=2), drawn(6, 2, key=3)
    found = Beside.of([one, two])(jnp.concatenate([a, b], axis=1))
    other = Beside.of([two, one])(jnp.concatenate([b, a], axis=1))
    laws.assert_close(found, jnp.concatenate([other[:, 5:], other[:, :5]], axis=1))


def test_blocks_of_any_geometry_stand_beside_each_other():
    window = Window((3, 3), 2)
    layers = [
        tiny.image_layer(Conv2d, (4, 5, 2), window),
        dense(3, 4, 0, identity),
        tiny.image_layer(LocallyConnected2d, (4, 5, 2), window),
    ]
    xs = [drawn(6, *layer.in_shape, key=k) for k, layer in enumerate(layers)]
    flat = [x.reshape(6, -1) for x in xs]
    found = Beside.of(layers)(jnp.concatenate(flat, axis=1))
    each = [layer(x).reshape(6, -1) for layer, x in zip(layers, xs, strict=True)]
    laws.assert_close(found, jnp.concatenate(each, axis=1))


def test_feedback_has_the_geometry_and_no_biases(both):
    beside, _ = both
    delta = drawn(6, 10, key=2)
    other = beside.redrawn(Uniform(0.5), jax.random.key(3))
    assert other.bias is None
    assert other.weight.shape == beside.weight.shape
    assert not np.allclose(other.pull(delta), beside.pull(delta))
    only = delta.at[:, 3:].set(0)  # the first block's units
    assert not np.any(other.pull(only)[:, 4:])


def test_fans_are_those_of_a_block_or_between_those_of_several(both):
    assert Beside.of([dense(4, 3, 0)]).fans == (4, 3)
    beside, _ = both
    reads, reaches = beside.fans
    assert 1 <= reads <= 4
    assert 2 <= reaches <= 5


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [dense(4, 3, 0), dense(4, 3, 0, tanh)],
        [dense(4, 3, 0), dense(4, 3, 0, bias=False)],
        [dense(4, 3, 0, softmax), dense(4, 3, 0, softmax)],
    ],
)
def test_what_is_not_alike_is_refused(layers):
    with pytest.raises(UsageError, match="beside: needs layers of one activation"):
        Beside.of(layers)
