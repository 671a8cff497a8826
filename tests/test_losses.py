"""Losses against their definitions, and where those would overflow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.networks.activations import identity, sigmoid, softmax
from apical.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError


def label(value):
    """Names without addresses, so that every process gives a test the same one."""
    return getattr(value, "__name__", type(value).__name__)


A = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
Y = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 1.0]])


def by_hand(loss, activation):
    a, y = A, Y
    if isinstance(loss, CrossEntropy):
        p = np.exp(a) / np.exp(a).sum(1, keepdims=True)
        return -(y * np.log(p)).sum(1)
    p = 1 / (1 + np.exp(-a)) if activation is sigmoid else a
    if isinstance(loss, SquaredError):
        return ((p - y) ** 2).sum(1) / 2
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(1)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("loss", "activation"),
    [(CrossEntropy(), softmax), (SquaredError(), identity), (SquaredError(), sigmoid),
     (BinaryCrossEntropy(), sigmoid)],
    ids=label,
)  # fmt: skip
def test_losses_by_hand(loss, activation):
    found = loss(jnp.asarray(A), jnp.asarray(Y), activation)
    np.testing.assert_allclose(found, by_hand(loss, activation), rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "activation"), [(CrossEntropy(), softmax), (BinaryCrossEntropy(), sigmoid)], ids=label
)
def test_losses_stay_exact_when_saturated(loss, activation):
    a, y = jnp.array([[200.0, -200.0]]), jnp.array([[0.0, 1.0]])
    expected, error = {CrossEntropy: (400, [1, -1]), BinaryCrossEntropy: (400, [1, -1])}[type(loss)]
    assert float(loss(a, y, activation)[0]) == pytest.approx(expected)
    slope = jax.grad(lambda a: loss(a, y, activation).sum())(a)
    np.testing.assert_allclose(slope, [error], atol=1e-6)


def test_losses_say_which_targets_they_are_made_for():
    shares = np.array([[0.2, 0.8], [1.0, 0.0]])
    assert CrossEntropy().suits(shares)
    assert not CrossEntropy().suits(shares / 2)
    assert not CrossEntropy().suits(np.array([[1.5, -0.5]]))
    assert BinaryCrossEntropy().suits(shares / 2)
    assert not BinaryCrossEntropy().suits(2 * shares)
    assert SquaredError().suits(-3 * shares)
