"""Stacks of layers as a run asks for them."""

import jax
import numpy as np
import pytest

from apical import BP, DFA, FA, Settings, UsageError, fit
from apical.networks.activations import sigmoid
from apical.networks.layers import Conv, Fc, LayerSpec, Lc
from apical.networks.layers.transmitted import transmission
from apical.networks.transmission import Bernoulli, Graded, Sign
from apical.training.build import build
from apical.training.reload import reload
from apical.values.spelling import decode, encode, spell
from apical.values.value import parse

SPELLED = {
    "fc:1024": Fc(1024),
    "lc:3x3,32": Lc((3, 3), 32),
    "lc:3x5,32,s2": Lc((3, 5), 32, 2),
    "conv:5x5,64,s2,p0": Conv((5, 5), 64, 2, 0),
    "conv:5x5,64,p1": Conv((5, 5), 64, 1, 1),
    "fc:500,sign": Fc(500, Sign()),
    "lc:3x3,32,bernoulli,s2": Lc((3, 3), 32, 2, sends=Bernoulli()),
}


@pytest.mark.parametrize("text", SPELLED)
def test_layers_are_spelled_as_in_the_papers(text):
    assert parse(LayerSpec, text) == SPELLED[text]
    assert spell(SPELLED[text]) == text
    assert decode(encode(SPELLED[text])) == SPELLED[text]


def test_marked_parts_may_stand_anywhere():
    assert parse(LayerSpec, "lc:p1,3x3,s2,8") == Lc((3, 3), 8, 2, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lc:3x3", "channels is missing"),
        ("fc", "units is missing"),
        ("fc:0", "units: must be 1 or more, got 0"),
        ("lc:3,8", "rows x columns"),
        ("lc:3x3,8,s0", "stride: must be 1 or more"),
        ("lc:3x3,8,p-1", "padding: must be 0 or more"),
        ("lc:3x3,8,sign,9", "lc takes 5 fields"),
        ("lc:3x3,8,9", "transmission: there is no '9'"),
        ("fc:5,sing", "did you mean 'sign'"),
        ("lc:3xa,8", "kernel: expected int, got 'a'"),
        ("lcc:3x3,8", "did you mean 'lc'"),
        ("lc:3x3,8,q1", "no 'q1'; known: .*sign; sNUMBER is the stride; pNUMBER is the padding"),
        ("lc:3x3,8,s2,s3", "lc:3x3,8,s2,s3: stride is given twice"),
        ("fc:units=3,units=4", "units is given twice"),
    ],
)
def test_what_is_no_layer_is_named(text, words):
    with pytest.raises(UsageError, match=words):
        parse(LayerSpec, text)


def shapes(settings, in_shape):
    net = jax.eval_shape(lambda key: build(settings, in_shape, 10, key), jax.random.key(0))
    return [layer.out_shape for layer in net.layers]


def test_the_papers_stacks_have_the_papers_shapes():
    mnist = Settings(hidden=(Lc((3, 3), 32, 2), Lc((3, 3), 64, 2), Fc(1024)))
    assert shapes(mnist, (28, 28)) == [(14, 14, 32), (7, 7, 64), (1024,), (10,)]
    cifar = Settings(hidden=(Lc((5, 5), 64, 2), Lc((5, 5), 128, 2), Lc((3, 3), 256), Fc(1024)))
    assert shapes(cifar, (32, 32, 3))[:3] == [(16, 16, 64), (8, 8, 128), (8, 8, 256)]


@pytest.mark.parametrize("given", [(5, 4), [5, "4"], ["fc:5", Fc(4)], (np.int64(5), 4)])
def test_numbers_are_short_for_fully_connected_layers(given):
    assert Settings(hidden=given).hidden == (Fc(5), Fc(4))
    assert parse(LayerSpec, "5,sign") == Fc(5, Sign())


def test_what_a_layer_sends_the_one_above_reads():
    net = build(Settings(hidden=(Fc(5, Sign()), Fc(4), Fc(3))), (3, 2), 3, jax.random.key(0))
    assert [transmission(layer) for layer in net.layers] == [Graded(), Sign(), Graded(), Graded()]
    settings = Settings(hidden=(Fc(5, Bernoulli()),), activation=sigmoid)
    assert transmission(build(settings, (3, 2), 3, jax.random.key(0)).layers[-1]) == Bernoulli()


@pytest.mark.parametrize(
    ("net", "words"),
    [
        ((Fc(5, Bernoulli()), Fc(5)), "layer 1, fc:5,bernoulli: .* tanh goes beyond"),
        ((Fc(5), Lc((3, 3), 2)), r"hidden: layer 2, lc:3x3,2: reads images.*got \(5,\)"),
        (
            (Conv((5, 5), 2, 1, 0),),
            "hidden: layer 1, conv:5x5,2,p0: the kernel's 5 rows do not fit",
        ),
        ((Lc((3, 3), 2, 1, 3),), "layer 1, lc:3x3,2,p3: a padding of 3 .* on zeros alone"),
        ((Lc((3, 3), 2, 100),), "layer 1, lc:3x3,2,s100: a stride of 100 steps over all"),
    ],
)
def test_a_stack_that_does_not_fit_names_its_layer(blobs, net, words):
    with pytest.raises(UsageError, match=words):
        fit(BP(), blobs, hidden=net, epochs=1, batch_size=30)


@pytest.mark.parametrize("rule", [FA(), DFA()], ids=spell)
def test_networks_of_images_learn_and_are_reloaded(blobs, tmp_path, rule):
    net = (Lc((3, 3), 4, 2), Conv((2, 2), 4), Fc(8))
    result = fit(rule, blobs, hidden=net, lr=1e-2, batch_size=30, epochs=8, out=tmp_path)
    assert result.test_accuracy > 0.9
    task, models = reload(tmp_path, blobs)
    assert task.settings.hidden == net
    for ours, theirs in zip(models[0].network.layers, result.networks[0].layers, strict=True):
        assert (ours.weight == theirs.weight).all()
