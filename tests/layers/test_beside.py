"""Layers side by side against one layer whose matrix is block-diagonal."""

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.linalg import block_diag

from apical import UsageError
from apical.networks.activations import identity, softmax, softplus, tanh
from apical.networks.initialisers import Uniform
from apical.networks.layers import Beside, Conv2d, Dense, LocallyConnected2d, Window
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

SIZES = [(4, 3), (2, 5), (1, 2)]


@eqx.filter_jit
def applied(layer, x):
    return layer(x)


@eqx.filter_jit
def maps(layer, x, delta):
    """The map to the activity, the one back, and what derivatives and gradients make of delta."""
    return layer(x), layer.pull(delta), layer.modulate(delta, delta), layer.gradient(x, delta)


def drawn(*shape, key=0):
    return tiny.normal(shape, seed=key)


def dense(inputs, units, key, activation=softplus, bias=True):
    weight, biases = drawn(units, inputs, key=key), drawn(units, key=key + 100)
    return Dense(weight, biases if bias else None, (inputs,), activation)


@pytest.fixture(params=[True, False])
def both(request):
    """Blocks beside each other, and the dense layer of their block-diagonal matrix."""
    layers = [dense(*sizes, key, bias=request.param) for key, sizes in enumerate(SIZES)]
    biases = [np.asarray(layer.bias) for layer in layers]
    bias = jax.device_put(np.concatenate(biases)) if request.param else None
    whole = jax.device_put(block_diag(*(layer.weight for layer in layers)))
    return Beside.of(layers), Dense(whole, bias, (whole.shape[1],), softplus)


def test_it_is_a_block_diagonal_matrix_in_every_map(both):
    beside, whole = both
    x, delta = drawn(6, 7, key=11), drawn(6, 10, key=12)
    assert (beside.in_shape, beside.out_shape) == (whole.in_shape, whole.out_shape)
    (*ours, found), (*theirs, gradient) = maps(beside, x, delta), maps(whole, x, delta)
    laws.assert_close(ours, theirs)
    expected = jax.tree.map(np.asarray, gradient)
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
    found = applied(Beside.of([one, two]), np.concatenate([a, b], axis=1))
    other = np.asarray(applied(Beside.of([two, one]), np.concatenate([b, a], axis=1)))
    laws.assert_close(found, np.concatenate([other[:, 5:], other[:, :5]], axis=1))


def test_blocks_of_any_geometry_stand_beside_each_other():
    window = Window((3, 3), 2)
    layers = [
        tiny.image_layer(Conv2d, (4, 5, 2), window),
        dense(3, 4, 0, identity),
        tiny.image_layer(LocallyConnected2d, (4, 5, 2), window),
    ]
    xs = [drawn(6, *layer.in_shape, key=k) for k, layer in enumerate(layers)]
    flat = [np.asarray(x).reshape(6, -1) for x in xs]
    found = applied(Beside.of(layers), np.concatenate(flat, axis=1))
    each = [np.asarray(applied(*of)).reshape(6, -1) for of in zip(layers, xs, strict=True)]
    laws.assert_close(found, np.concatenate(each, axis=1))


def test_feedback_has_the_geometry_and_no_biases(both):
    beside, _ = both
    delta = drawn(6, 10, key=2)
    other = beside.redrawn(Uniform(0.5), jax.random.key(3))
    assert other.bias is None
    assert other.weight.shape == beside.weight.shape
    assert not np.allclose(other.pull(delta), beside.pull(delta))
    only = np.where(np.arange(10) < 3, delta, 0)  # the first block's units
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
