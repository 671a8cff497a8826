"""Modalities: parts of the data that meet only above the first latent layer."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import apical
from apical import IteratedTargetProp, UsageError
from apical.data import with_labels
from apical.generative.inference import Inference, infer, log_joint, observed, partly_observed
from apical.generative.lessons import update
from apical.generative.modalities import Reads
from apical.generative.reload import reload
from apical.generative.stack import Stack
from apical.networks.layers import Beside, Dense
from apical.values.spelling import decode, encode, spell
from tests.generative.tiny import INPUTS, SMALL, activities, examples, model, stack

PARTS = (Reads(4, 3), Reads(2, 2))
"""Of the tiny stack's six inputs and five units above them."""
FIRST, SECOND = np.arange(INPUTS) < 4, np.arange(5) >= 3
"""The first modality's inputs, and the second one's units."""


@pytest.fixture
def maps(float64):
    return stack(modalities=PARTS)


def alike(one, other):
    structures = [str(jax.tree.structure(tree)) for tree in (one, other)]
    return structures[0] == structures[1]


def block_diagonal(layer: Beside) -> Dense:
    weights = jax.scipy.linalg.block_diag(*(block.weight for block in layer.parts))
    return Dense(weights, layer.bias, layer.in_shape, layer.activation)


def test_the_first_maps_are_block_diagonal_and_all_else_is_as_ever(maps):
    plain = stack()
    assert alike(maps.encoders[1:], plain.encoders[1:])
    assert maps.units == plain.units
    (f, *encoders), (g, *decoders) = maps.encoders, maps.decoders
    dense = Stack((block_diagonal(f), *encoders), (block_diagonal(g), *decoders))
    x, h, by = examples(), activities(), Inference(4, 0.1, 0.2, 0.05)
    ours, theirs = (infer(m, observed(m, x, by), h, by) for m in (maps, dense))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)
    np.testing.assert_allclose(log_joint(maps, x, h), log_joint(dense, x, h))


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1)])
def test_a_modality_hears_of_another_from_above_alone(maps, alpha, beta):
    """By p's term from above, and by q's: without both, not at all."""
    by = Inference(5, 0.1, alpha, beta)
    x = examples()
    other = jnp.where(FIRST, 1 - x, x)
    h, changed = (infer(maps, observed(maps, a, by), maps.encode(a), by)[0] for a in (x, other))
    heard = not np.array_equal(h[:, SECOND], changed[:, SECOND])
    assert heard == (alpha > 0 or beta > 0)
    assert not np.allclose(h[:, ~SECOND], changed[:, ~SECOND])


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_a_missing_modality_is_moved_from_above_alone(maps, alpha):
    by, x, h = Inference(5, 0.1, alpha), examples(), activities()
    found = infer(maps, partly_observed(maps, x, jnp.asarray(FIRST)[None], by), h, by)
    stays = np.allclose(found[0][:, SECOND], h[0][:, SECOND], rtol=1e-12)
    assert stays == (alpha == 0)


def test_the_maps_of_a_modality_learn_of_its_own_part(maps):
    x, h = examples(), activities()
    other, changed = jnp.where(FIRST, 1 - x, x), h[0].at[:, ~SECOND].add(0.3)

    def second(x, h1):
        both = h1, *h[1:]
        found = update(maps, x, both, (x, *both[:-1]), both).gradients
        return [found.encoders[0].parts[1], found.decoders[0].parts[1]]

    ours, theirs = (jax.tree.leaves(second(*given)) for given in ((x, h[0]), (other, changed)))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_one_modality_is_none():
    whole = model(modalities=("6,5",)).create(INPUTS, jax.random.key(0))
    plain = model().create(INPUTS, jax.random.key(0))
    assert alike(whole, plain)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(plain), strict=True):
        assert np.array_equal(a, b)


def test_a_configuration_without_the_field_has_one_modality():
    old = encode(IteratedTargetProp((8, 4)))
    del old["modalities"]
    assert decode(old) == IteratedTargetProp((8, 4))
    assert "modalities" not in spell(IteratedTargetProp((8, 4)))
    both = model(hidden=(8, 4), modalities=["16,5", "3,3"])
    assert both.modalities == (Reads(16, 5), Reads(3, 3))
    assert decode(encode(both)) == both


def test_a_run_of_two_modalities_is_kept_and_used(blobs, tmp_path):
    data = with_labels(blobs)
    classes = data.n_classes
    both = IteratedTargetProp((8, 4), modalities=(Reads(16, 6), Reads(classes, 2)))
    result = both.fit(data, out=tmp_path, **SMALL)
    _, models = reload(tmp_path, data)
    raw, image = data.test.x[:5], np.arange(16 + classes) < 16
    for known in (image, ~image):
        filled = models[0].inpaint(raw, known, rounds=2)
        assert np.array_equal(filled, result.models[0].inpaint(raw, known, rounds=2))
        assert np.array_equal(filled[:, known], models[0].rows(raw)[:, known])
    assert models[0].sample(3).shape == (3, 16 + classes)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: IteratedTargetProp((8, 4), modalities=(Reads(16, 5), Reads(3, 4))),
            r"modalities: have 5 \+ 4 = 9 units, and the first latent layer has 8; give that "
            "layer 9",
        ),
        (
            lambda: IteratedTargetProp((8, 4), modalities=(Reads(16, 0),)),
            "units of reads: must be 1 or",
        ),
        (
            lambda: IteratedTargetProp((8, 4), modalities=(Reads(16, 5), Reads(3, 3))).fit(
                "digits", epochs=1
            ),
            r"modalities: read 16 \+ 3 = 19 inputs, and the data have 64; name data that have as",
        ),
        (
            lambda: apical.fit(apical.FA(), "digits+labels"),
            "data: digits.labels has the labels among its inputs, and the network is trained "
            "towards them; use digits, or",
        ),
    ],
)
def test_mistakes_are_told(make, words):
    with pytest.raises(UsageError, match=words):
        make()


def test_the_units_of_a_modality_may_be_changed_with_those_of_the_layer():
    both = IteratedTargetProp((8, 4), modalities=(Reads(16, 5), Reads(3, 3)))
    assert replace(both, hidden=(9, 4), modalities=(Reads(16, 6), Reads(3, 3))).hidden == (9, 4)
