"""Strides against the Euler steps that they stand for."""

import jax
import numpy as np
import pytest

from apical.errors import UsageError
from apical.rules.ghost.circuit import Phase, Plasticity
from apical.rules.ghost.stepping import Euler, Strides
from apical.testing import laws
from tests.rules.ghost.circuits import circuit, feedforward, felt, resting, run, still, transposed

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("beta", [0.0, 20.0])
@pytest.mark.parametrize("size", [5, 20])
def test_strides_rest_where_euler_steps_do(beta, size):
    weights, x, y = circuit(2, perfect=False)
    phase = Phase(x, y, beta, transposed)
    nothing = still(3)
    start = resting(x, weights)
    euler_end, _ = run(start, weights, phase, nothing, 0.1, 4000)
    strides_end, _ = run(start, weights, phase, nothing, 0.1, 4000, Strides(size))
    laws.assert_close(strides_end, euler_end, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("ghosts", "left"), [(None, 0.01), (4, 1e-6)])
def test_strides_teach_the_ghosts_what_euler_steps_do(ghosts, left):
    """Both end with the feedback cancelled and the units at the feedforward network's."""
    weights, x, y = circuit(1, perfect=False, ghosts=ghosts)
    lateral = Plasticity((0.0, 0.0), 0.05 if ghosts is None else 0.0, 0.05)
    phase = Phase(x, y, 0.0, transposed)
    start = resting(x, weights)
    assert laws.largest(felt(start, weights, phase).errors[0]) > 0.3
    end = run(start, weights, phase, lateral, 0.1, 20_000, Strides(10))
    assert laws.largest(felt(*end, phase).errors[0]) < left
    laws.assert_close(end[0].u, feedforward(weights.main, x), rtol=0, atol=2 * left)


@jax.jit
def compiled(d, r, eta):
    return Strides(10).taught(d, r, eta)


def taught(d, r, eta):
    """What a stride learns of a mismatch."""
    return np.asarray(compiled(d, r, eta))


def test_a_stride_does_not_overshoot_along_the_leading_direction():
    """Without the implicit part a change at this rate would double the mismatch and more."""
    r = 0.5 + 0.01 * np.random.default_rng(0).normal(size=(6, 40))
    d = np.ones((6, 2))
    eta = 1.0
    plain = d - eta * r @ (r.T @ d)
    tamed = d - eta * r @ (r.T @ taught(d, r, eta))
    assert laws.largest(plain) > 10
    assert laws.largest(tamed) < 0.1
    small = 1e-5
    laws.assert_close(taught(d, r, small), Euler().taught(d, r, small), rtol=1e-2)


@pytest.mark.parametrize(
    ("beta", "main", "lateral", "examples", "steps", "apart"),
    [
        (0.0, 0.0, 0.01, 2, 400, 0.1),
        (10.0, 0.01, 0.0, 2, 400, 0.1),
        (0.0, 0.0, 0.003, 40, 400, 0.2),
        (10.0, 0.03, 0.0, 40, 100, 0.5),
    ],
)
def test_what_strides_teach_is_near_what_euler_steps_do(
    beta, main, lateral, examples, steps, apart
):
    """Every kind of weight; with many examples, at rates at which explicit strides diverge."""
    weights, x, y = circuit(2, perfect=False, spread=0.5)
    noise = 0.1 * np.random.default_rng(0).normal(size=(examples, x.shape[1]))
    x, y = (np.tile(a, (examples // 2, 1)) for a in (x, y))
    phase = Phase(jax.device_put(np.abs(x + noise)), jax.device_put(y), beta, transposed)
    plasticity = Plasticity((main,) * 3, lateral, lateral)
    start = resting(phase.x, weights)
    _, exact = run(start, weights, phase, plasticity, 0.1, steps)
    _, found = run(start, weights, phase, plasticity, 0.1, steps, Strides(10))
    for a, b, before in zip(*map(laws.leaves, (found, exact, weights)), strict=True):
        learned = np.linalg.norm(b - before)
        assert np.linalg.norm(a - b) <= apart * learned


def test_a_stride_of_potentials_is_implicit():
    """u' = u + h f(u') of a linear drift f = -s (u - rest), for a stride of h = 10 rate."""
    u, rest, s, rate = np.array([3.0, -1.0]), np.array([0.5, 2.0]), np.array([1.0, 4.0]), 0.1
    after = Strides(10).moved(u, -s * (u - rest), s, rate)
    laws.assert_close(after, u - 10 * rate * s * (after - rest))


def test_a_stride_of_weights_is_implicit_where_all_examples_agree():
    """taught = d - eta r r^T taught: what is left of the mismatch after the change it makes."""
    r, d, eta = np.array([0.3, 0.9, 0.5]), np.array([1.0, -2.0]), 0.7
    alike = np.outer([1.0, 0.5], r)
    mismatch = np.outer([1.0, 0.5], d)
    found = taught(mismatch, alike, eta)
    laws.assert_close(found, mismatch - eta * alike @ alike.T @ found)
    alone = taught(d, r, eta)
    laws.assert_close(alone, d - eta * (r @ r) * alone)
    laws.assert_close(alone, taught(d[None], r[None], eta)[0])


def test_strides_refuse_a_phase_they_do_not_divide():
    with pytest.raises(UsageError, match="200 Euler steps is not made of strides of 300"):
        Strides(300).steps(200)


def test_nothing_is_taught_by_silence():
    laws.assert_close(taught(np.ones((3, 2)), np.zeros((3, 4)), 1.0), np.ones((3, 2)))


def test_strides_refuse_a_size_that_is_none():
    with pytest.raises(UsageError, match="length must be above 1, got 1"):
        Strides(1)
