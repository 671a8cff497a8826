"""Locally connected and convolutional layers against plain loops, and under every rule."""

import itertools

import equinox as eqx
import jax
import numpy as np
import pytest

from apical import UsageError
from apical.feedback import FRSF, USF, Transpose
from apical.networks.activations import identity
from apical.networks.initialisers import Orthogonal
from apical.networks.layers import Conv2d, LocallyConnected2d, Window
from apical.rules import AOSDTP, BP, DFA, DTP, FA, ITD, SDTP, TP
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

WINDOWS = [
    Window((3, 3)),
    Window((3, 2), stride=2),
    Window((2, 3), stride=2, padding=1),
    Window((3, 3), stride=3, padding=0),
    Window((1, 1), stride=2),
]
IMAGES = [(5, 6), (5, 6, 1), (6, 5, 3)]


def by_loops(layer, x):
    """What the layer should give, one number after another."""
    shape = (*layer.in_shape, 1)[:3]
    x = np.asarray(x).reshape(-1, *shape)
    (height, width), stride, padding = (
        layer.window.kernel,
        layer.window.stride,
        layer.window.padding,
    )
    counts, before = [], []
    for size, kernel in ((shape[0], height), (shape[1], width)):
        if padding is None:
            counts.append(int(np.ceil(size / stride)))
            before.append(max((counts[-1] - 1) * stride + kernel - size, 0) // 2)
        else:
            counts.append((size + 2 * padding - kernel) // stride + 1)
            before.append(padding)
    tied = layer.weight.ndim == 2
    channels = layer.weight.shape[-2]
    weight = np.asarray(layer.weight).reshape(-1, channels, height, width, shape[2])
    bias = np.asarray(layer.bias)
    out = np.zeros((len(x), *counts, channels))
    for n, r, c, f in itertools.product(*(range(size) for size in out.shape)):
        position = r * counts[1] + c
        out[n, r, c, f] = bias[f] if tied else bias[position * channels + f]
        for i, j, k in itertools.product(range(height), range(width), range(shape[2])):
            row, column = r * stride + i - before[0], c * stride + j - before[1]
            if 0 <= row < shape[0] and 0 <= column < shape[1]:
                w = weight[0 if tied else position, f, i, j, k]
                out[n, r, c, f] += w * x[n, row, column, k]
    return out


@pytest.mark.parametrize("kind", [LocallyConnected2d, Conv2d])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("in_shape", IMAGES, ids=str)
def test_it_is_a_plain_loop(kind, window, in_shape):
    layer, x = tiny.image_layer(kind, in_shape, window), tiny.images(in_shape)
    expected = by_loops(layer, x)
    assert layer.out_shape == expected.shape[1:]
    laws.assert_close(eqx.filter_jit(layer.preactivation)(x), expected)


@eqx.filter_jit
def maps(layer, x, signal):
    """The three maps of a layer, in one program."""
    return layer(x), layer.pull(signal), layer.gradient(x, signal)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_with_tied_weights_a_locally_connected_layer_is_a_convolution(window):
    conv = tiny.image_layer(Conv2d, (6, 5, 3), window)
    positions = np.prod(conv.out_shape[:2])
    local = LocallyConnected2d(
        jax.device_put(np.tile(conv.weight, (positions, 1, 1))),
        jax.device_put(np.tile(conv.bias, positions)),
        conv.in_shape,
        conv.activation,
        window,
    )
    x, signal = tiny.images((6, 5, 3)), tiny.normal((2, *conv.out_shape), seed=2)
    ours, theirs = maps(local, x, signal), maps(conv, x, signal)
    laws.assert_close(ours[:2], theirs[:2])
    laws.assert_close(np.asarray(ours[2].weight).sum(axis=0), theirs[2].weight)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_convolution_is_xlas_own(window):
    conv, x = tiny.image_layer(Conv2d, (6, 5, 3), window), tiny.images((6, 5, 3))

    signal = tiny.normal((2, *conv.out_shape), seed=2)

    def plain(weight, bias, x):
        return bias + jax.lax.conv_general_dilated(
            x,
            weight.reshape(-1, *window.kernel, 3),
            window_strides=(window.stride, window.stride),
            padding=window.pads((6, 5, 3)),
            dimension_numbers=("NHWC", "OHWI", "NHWC"),
        )

    @jax.jit
    def differentiated(weight, bias, x, signal):
        out, pullback = jax.vjp(plain, weight, bias, x)
        return out, *pullback(signal)

    out, weight, bias, pulled = differentiated(conv.weight, conv.bias, x, signal)
    ours, down, found = maps(conv, x, signal)
    laws.assert_close(ours, out)
    laws.assert_close(down, pulled)
    laws.assert_close(found.weight, np.asarray(weight) / len(x))
    laws.assert_close(found.bias, np.asarray(bias) / len(x))


@pytest.mark.parametrize("window", [Window((3, 3)), Window((4, 4), 2)], ids=str)
@pytest.mark.parametrize("kind", [LocallyConnected2d, Conv2d])
def test_pulling_is_the_transpose_and_fans_count_connections(kind, window):
    layer = tiny.image_layer(kind, (8, 8, 2), window, channels=4)
    x, signal = tiny.images((8, 8, 2)), tiny.normal((2, *layer.out_shape), seed=3)
    forwards, down, _ = maps(layer.with_weight(layer.weight), x, signal)
    assert np.vdot(forwards, signal) == pytest.approx(np.vdot(x, down))
    ones = [jax.device_put(np.ones(a.shape)) for a in (layer.weight, x, signal)]
    forwards, down, _ = maps(layer.with_weight(ones[0]), *ones[1:])
    reads, reaches = layer.fans
    assert np.asarray(forwards)[0, 2, 2, 0] == reads
    assert np.asarray(down)[0, 4, 4, 0] == reaches


def test_each_position_of_orthogonal_weights_is_orthogonal():
    layer = LocallyConnected2d.create(
        (5, 6), 4, identity, Window((3, 3)), key=jax.random.key(0), init=Orthogonal()
    )
    assert layer.weight.shape == (30, 4, 9)
    weight = np.asarray(layer.weight)
    products = weight @ weight.swapaxes(1, 2)
    laws.assert_close(products, np.broadcast_to(np.eye(4), products.shape), atol=1e-9)


STACKS = [
    (LocallyConnected2d, LocallyConnected2d),
    (LocallyConnected2d, Conv2d),
    (Conv2d, LocallyConnected2d),
]


@pytest.mark.parametrize("in_shape", [(4, 5), (4, 4, 3)], ids=str)
@pytest.mark.parametrize("kinds", STACKS, ids=lambda kinds: "-".join(k.__name__ for k in kinds))
def test_bp_is_the_gradient(in_shape, kinds):
    net = tiny.image_network(in_shape, kinds)
    laws.is_the_gradient(BP(), net, tiny.image_batch(net))


@pytest.mark.parametrize("rule", [FA(), FA(USF()), FA(FRSF()), DFA()], ids=str)
def test_rules_that_know_nothing_of_images_keep_their_laws_on_them(rule):
    net = tiny.image_network((4, 4, 2))
    batch = tiny.image_batch(net)
    laws.has_the_shape_of_what_it_changes(rule, net, batch)
    laws.averages_over_examples(rule, net, batch)
    laws.rests_when_satisfied(rule, net, batch)
    laws.transports_what_it_claims(rule, net, batch)


@pytest.mark.parametrize("rule", [ITD(), TP(), DTP(), SDTP(), AOSDTP()], ids=lambda r: r.name)
def test_rules_with_laws_of_their_own_serve_images_too(rule):
    net = tiny.image_network((4, 4, 2))
    batch = tiny.image_batch(net)
    laws.has_the_shape_of_what_it_changes(rule, net, batch)
    laws.transports_what_it_claims(rule, net, batch)


def test_with_transposed_weights_feedback_alignment_is_bp():
    net = tiny.image_network((4, 4, 2))
    laws.equals_bp(FA(Transpose()), net, tiny.image_batch(net))


@pytest.mark.parametrize("kind", [LocallyConnected2d, Conv2d])
def test_what_does_not_fit_is_named(kind):
    with pytest.raises(UsageError, match=r"reads images.*got \(4,\)"):
        tiny.image_layer(kind, (4,), Window((3, 3)))
    with pytest.raises(
        UsageError, match="the kernel's 7 columns do not fit an image of 4 with 1 zeros"
    ):
        tiny.image_layer(kind, (9, 4), Window((7, 7), padding=1))
