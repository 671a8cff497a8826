"""The ghost-unit circuit against its theorems and an independent loop in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.rules.ghost.circuit import Phase, Plasticity, Weights, euler, feel
from apical.rules.integrate import integrate, trajectory
from apical.testing import laws
from tests.rules.ghost.circuits import (
    SIZES,
    circuit,
    feedforward,
    felt,
    resting,
    settle,
    transposed,
)

pytestmark = pytest.mark.usefixtures("float64")


def _rates_from(main, layer, r):
    for W in main[layer:]:
        r = jax.nn.sigmoid(r @ W.T)
    return r


@jax.jit
def gradients(main, x, y):
    """dC/dr_k of the feedforward network, in every hidden layer."""
    return [
        jax.grad(lambda r, k=k: 0.5 * jnp.sum((y - _rates_from(main, k, r)) ** 2))(
            jax.nn.sigmoid(a)
        )
        for k, a in enumerate(feedforward(main, x)[:-1], start=1)
    ]


@jax.jit
def errors_at_rest(weights, phase):
    return feel(*settle(weights, phase), phase).errors


@pytest.mark.parametrize("hidden", [1, 2, 3, 4])
def test_errors_tend_to_the_gradient_at_first_order(hidden):
    """Theorem 1: |e_k / beta + dC/dr_k| falls with beta to the power 1, in every hidden layer."""
    weights, x, y = circuit(hidden)
    betas = 10.0 ** -np.arange(1, 5)
    expected = laws.leaves(gradients(weights.main, x, y))
    assert all(laws.largest(g) > 1e-4 for g in expected)
    misses = []
    for beta in betas:
        phase = Phase(x, y, float(beta), transposed)
        errors = laws.leaves(errors_at_rest(weights, phase)[:-1])
        misses.append([laws.largest(e / beta + g) for e, g in zip(errors, expected, strict=True)])
    for layer in np.array(misses).T:
        slope = np.polyfit(np.log(betas), np.log(layer), 1)[0]
        assert slope == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("hidden", [1, 2, 3])
def test_free_phase_of_a_converged_circuit_is_the_feedforward_network(hidden):
    weights, x, y = circuit(hidden)
    potentials, _ = settle(weights, Phase(x, y, 0.0, transposed))
    laws.assert_close(potentials.u, feedforward(weights.main, x), atol=1e-10)


@pytest.mark.parametrize("hidden", [1, 2])
def test_without_a_nudge_no_main_weight_changes(hidden):
    weights, x, y = circuit(hidden)
    phase = Phase(x, y, 0.0, transposed)
    rested, _ = settle(weights, phase)
    learning = Plasticity((1.0,) * (hidden + 1), 0.0, 0.0)
    _, after = settle(weights, phase, learning, start=rested)
    laws.assert_close(after.main, weights.main)
    nudged = Phase(x, y, 0.1, transposed)
    _, after = settle(weights, nudged, learning, start=rested, steps=20)
    assert all(move > 1e-4 for move in moves(after.main, weights.main))


def moves(after, before):
    """The largest change of each matrix."""
    both = zip(laws.leaves(after), laws.leaves(before), strict=True)
    return [laws.largest(a - b) for a, b in both]


def in_numpy(weights, x, y, beta, plasticity, rate, steps, ghost_output):
    """The equations written out once more for one hidden layer."""

    def rho(u):
        return 1 / (1 + np.exp(-u))

    W1, W2 = (np.array(W) for W in weights.main)
    (P,), (G,) = ([np.array(M) for M in side] for side in (weights.to_ghosts, weights.from_ghosts))
    x, y = np.array(x), np.array(y)
    u1, u2, v = x @ W1.T, np.zeros((len(x), len(W2))), np.zeros((len(x), len(P)))
    for _ in range(steps):
        r1, r2, s = rho(u1), rho(u2), ghost_output(v)
        a1, a2, imitated = x @ W1.T, r1 @ W2.T, r1 @ P.T
        e1, e2 = r2 @ W2 - s @ G.T, beta * (y - r2)
        W1, W2, P, G = (
            W1 + plasticity.main[0] * (r1 - rho(a1)).T @ x,
            W2 + plasticity.main[1] * (r2 - rho(a2)).T @ r1,
            P + (plasticity.to_ghosts * (u2 - v).T @ r1 if plasticity.to_ghosts else 0),
            G + plasticity.from_ghosts * e1.T @ s,
        )
        u1, u2, v = (
            u1 + rate * (-u1 + a1 + e1),
            u2 + rate * (-u2 + a2 + e2),
            v + rate * (-v + imitated),
        )
    return (u1, u2, v), (W1, W2, P, G), np.abs(rho(u2) @ W2 - ghost_output(v) @ G.T).max()


def logistic(v):
    return 1 / (1 + np.exp(-v))


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_the_loop_is_the_equations(beta):
    weights, x, y = circuit(1, perfect=False)
    plasticity = Plasticity((0.05, 0.03), 0.02, 0.01)
    ours = settle(weights, Phase(x, y, beta, transposed), plasticity, steps=30, rate=0.1)
    units, matrices, _ = in_numpy(weights, x, y, beta, plasticity, 0.1, 30, logistic)
    laws.assert_close(ours, (units, matrices))


def test_mb_cancels_the_feedback_of_any_example_and_linear_ghosts_do_not():
    """With P as small as the paper's, s = v is near 0 and G cannot learn within a free phase."""
    fast = Plasticity((0.0, 0.0), 0.0, 0.1)
    weights, x, y = circuit(1, perfect=False, ghosts=4, examples=1)
    weights = Weights(weights.main, (0.05 * weights.to_ghosts[0],), weights.from_ghosts)
    phase = Phase(x, y, 0.0, transposed)
    end = settle(weights, phase, fast, steps=200)
    assert laws.largest(felt(*end, phase).errors[0]) < 1e-6
    *_, rates = in_numpy(weights, x, y, 0.0, fast, 0.5, 200, logistic)
    *_, linear = in_numpy(weights, x, y, 0.0, fast, 0.5, 200, lambda v: v)
    assert rates < 1e-6
    assert linear > 0.1


@pytest.mark.parametrize("hidden", [2, 3])
def test_mb_cancels_the_feedback_in_every_hidden_layer(hidden):
    fast = Plasticity((0.0,) * (hidden + 1), 0.0, 0.1)
    weights, x, y = circuit(hidden, perfect=False, ghosts=4, examples=1)
    phase = Phase(x, y, 0.0, transposed)
    potentials, after = settle(weights, phase, fast, steps=1000)
    assert laws.largest(felt(potentials, after, phase).errors[:-1]) < 1e-6
    laws.assert_close(potentials.u, feedforward(weights.main, x), atol=1e-5)


def mb_error(weights, x, y, beta):
    """e_1 / -beta after G has learned in the free phase and units have settled to the nudge."""
    fast = Plasticity((0.0,) * len(weights.main), 0.0, 0.1)
    rested, ready = settle(weights, Phase(x, y, 0.0, transposed), fast, steps=3000)
    phase = Phase(x, y, beta, transposed)
    end = settle(ready, phase, start=rested)
    return ready, end[0], np.asarray(felt(*end, phase).errors[0]) / -beta


def test_mb_errors_tend_to_a_known_multiple_of_the_gradient():
    """(I - M) e_1 = -beta dC/dr_1 with M = (F rho'(u_2) W_2 - G rho'(v) P) rho'(u_1).

    The proof of theorem 2 leaves M out: the nudge moves r_1, and what pyramidal units and ghosts
    above make of that cancels only if they are each other's copies, as in MA (then M = 0).
    """
    weights, x, y = circuit(1, perfect=False, ghosts=4, examples=1)
    ready, end, e = mb_error(weights, x, y, 1e-5)

    def slope(u):
        r = logistic(np.asarray(u[0]))
        return np.diag(r * (1 - r))

    _, W2, P, G = laws.leaves(ready)
    M = (W2.T @ slope(end.u[1]) @ W2 - G @ slope(end.v[0]) @ P) @ slope(end.u[0])
    assert laws.largest(M) > 0.01
    expected = gradients(weights.main, x, y)[0][0]
    np.testing.assert_allclose((np.eye(len(M)) - M) @ e[0], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("hidden", [1, 2])
def test_mb_errors_are_the_gradient_where_lateral_and_main_weights_are_small(hidden):
    misses = []
    for spread in (0.4, 0.1):
        weights, x, y = circuit(hidden, perfect=False, ghosts=4, spread=spread, examples=1)
        small = Weights(weights.main, tuple(spread * P for P in weights.to_ghosts),
                        tuple(spread * G for G in weights.from_ghosts))  # fmt: skip
        *_, e = mb_error(small, x, y, 1e-4)
        g = np.asarray(gradients(weights.main, x, y)[0])
        misses.append(np.linalg.norm(e - g) / np.linalg.norm(g))
    assert misses[1] < 0.02
    assert misses[1] < 0.2 * misses[0]


def test_clipping_bounds_each_change_before_its_rate():
    weights, x, y = circuit(1)
    phase = Phase(x, y, 5.0, transposed)
    clipped = Plasticity((0.5, 0.5), 0.0, 0.0, 0.01)
    _, after = settle(weights, phase, clipped, steps=1)
    assert max(moves(after.main, weights.main)) == pytest.approx(0.5 * 0.01)


def test_a_trajectory_ends_where_the_integral_does():
    weights, x, y = circuit(1, perfect=False, ghosts=2)
    phase = Phase(x, y, 0.3, transposed)
    plasticity = Plasticity((0.0, 0.0), 0.0, 0.05)

    def step(now):
        return euler(now[0], now[1], phase, plasticity, 0.2)

    def errors(now):
        return feel(now[0], now[1], phase).errors

    @jax.jit
    def both(start):
        return trajectory(step, start, 25, errors), integrate(step, start, 25)

    start = (resting(x, weights), weights)
    (end, seen), integral = both(start)
    laws.assert_close(end, integral)
    assert seen[0].shape == (25, 2, SIZES[1])
    laws.assert_close(np.asarray(seen[0])[0], felt(*start, phase).errors[0])
