"""A network measured on a split, in chunks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import Settings
from apical.data import Split
from apical.data.preprocessing import Affine
from apical.networks.activations import identity
from apical.networks.layers import Conv2d, Fc, Window
from apical.networks.targets import decode, encode
from apical.training.build import build
from apical.training.evaluate import CHUNK, chunk, evaluate
from apical.training.supervised import activity
from tests.training.small import learner


def test_evaluation_masks_its_padding():
    net = build(Settings(hidden=(Fc(4),)), (3,), 3, jax.random.key(0))
    x = np.random.default_rng(0).normal(size=(CHUNK + 7, 3)).astype(np.float32)
    y = np.arange(CHUNK + 7, dtype=np.int32) % 3
    record = net.record(jnp.asarray(x))
    (found,) = evaluate(learner(), net, Affine.of(0.0, 1.0), Split(x, y), "val")
    expected = float(jnp.mean(net.losses(record, encode(jnp.asarray(y), 3))))
    assert found["val_loss"] == pytest.approx(expected, rel=1e-5)
    assert found["val_accuracy"] == pytest.approx(float(np.mean(decode(record.output) == y)))


def test_wide_networks_are_measured_in_smaller_chunks_to_the_same_end(monkeypatch):
    net = build(Settings(hidden=(Fc(40), Fc(6))), (3,), 3, jax.random.key(0))
    x = np.random.default_rng(0).normal(size=(57, 3)).astype(np.float32)
    split = Split(x, np.arange(57, dtype=np.int32) % 3)
    measured = (learner(), net, Affine.of(0.0, 1.0), split, "val")
    (whole,) = evaluate(*measured)
    assert chunk(learner(), net) == CHUNK
    monkeypatch.setattr("apical.training.evaluate.MOST", 11 * 40 * 4 + 3)
    assert chunk(learner(), net) == 11
    assert evaluate(*measured)[0] == pytest.approx(whole, rel=1e-6)


def test_windows_count_the_copies_of_their_input():
    layer = Conv2d.create((6, 6, 2), 5, identity, Window((3, 3), 2), key=jax.random.key(0))
    assert activity(layer) == 4 * (9 * (3 * 3 * 2) + 9 * 5)
