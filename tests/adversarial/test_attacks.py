"""Attacks against what is known of linear victims, and the shell that no attack may leave."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.adversarial.attack import CHUNK, Attack, Margin, OwnLoss, perturb
from apical.adversarial.attacks import FGSM, PGD, Noise
from apical.adversarial.threat_model import Box, Epsilon, project
from apical.adversarial.victim import Victim, softened
from apical.data import Scale, from_arrays
from apical.data.preprocessing import Affine
from apical.errors import ApicalError, UsageError
from apical.networks.activations import identity, sigmoid, softmax
from apical.networks.layers import Dense
from apical.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
from apical.networks.network import Network
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

KEY = jax.random.key(0)
UNIT = Box(jnp.zeros(()), jnp.ones(()))
STRAIGHT = Affine.of(0.0, 1.0)


def linear(weight, bias) -> Victim:
    """One sigmoid unit: label 1 where weight . u + bias is above 0."""
    w = jnp.asarray([weight], float)
    layer = Dense(w, jnp.asarray([bias], float), (w.shape[1],), sigmoid)
    return Victim(Network((layer,), BinaryCrossEntropy()), STRAIGHT, UNIT)


def tried(victim, u, labels, attack, eps=0.1, objective=OwnLoss(), **more):
    return perturb(
        victim, np.asarray(u), np.asarray(labels), attack=attack, objective=objective, eps=eps,
        key=KEY, **more,
    )  # fmt: skip


@pytest.mark.parametrize("attack", [FGSM(), PGD(), PGD(steps=3, size=1.0)], ids=str)
@pytest.mark.parametrize("objective", [OwnLoss(), Margin()], ids=str)
def test_a_linear_victim_falls_exactly_where_its_margin_is_below_eps_times_its_weights(
    attack, objective
):
    """The worst point within eps moves w . u by eps |w|_1, and both attacks must reach it."""
    w, b, eps = np.array([1.0, -2.0, 0.5]), 0.25, 0.1
    u = np.random.default_rng(0).uniform(0.2, 0.8, (200, 3))
    labels = (u @ w + b > 0).astype(int)
    found = tried(linear(w, b), u, labels, attack, eps, objective)
    margin = np.abs(u @ w + b)
    np.testing.assert_array_equal(found.right, margin > eps * np.abs(w).sum())
    worst = u - eps * np.sign(w) * (2 * labels - 1)[:, None]
    np.testing.assert_allclose(found.u, worst, atol=1e-12)


def test_fgsm_is_one_whole_step_from_the_clean_input():
    net = tiny.network((5,), loss=CrossEntropy())
    victim = Victim(net, STRAIGHT, UNIT)
    u = np.random.default_rng(0).uniform(0.3, 0.7, (6, *tiny.IN_SHAPE))

    @jax.jit
    def labels_and_slope(u):
        labels = jnp.argmax(net(u), axis=-1)
        return labels, jax.grad(lambda v: jnp.sum(OwnLoss()(net, victim.record(v), labels)))(u)

    labels, slope = labels_and_slope(u)
    found = tried(victim, u, labels, FGSM(), eps=0.05)
    np.testing.assert_allclose(found.u, u + 0.05 * np.sign(slope), atol=1e-12)


def test_iterating_goes_further_than_one_step_where_the_slope_turns():
    """The ascent of -|v - c|^2 ends at the nearest point to c; one step overshoots."""
    c = jnp.array([[0.52, 0.45]])

    def objective(v):
        return -jnp.sum((v - c) ** 2, axis=-1)

    @jax.jit
    def reached(u, eps):
        attacks = FGSM(), PGD(steps=40, size=0.05, random_start=False)
        ends = (project(a.propose(objective, u, eps, KEY), u, eps) for a in attacks)
        return [objective(end) for end in ends]

    (once,), (often,) = map(np.asarray, reached(np.full((1, 2), 0.5), 0.1))
    assert often > once + 0.005


def test_iteration_stays_within_reach_at_every_step():
    """The slope turns just outside: a path that left the reach would come back inside of it."""
    u, eps = np.full((1, 2), 0.5), 0.1

    def objective(v):
        return jnp.sum(jnp.where(v > 0.5 + 1.01 * eps, -5 * v, v), axis=-1)

    pgd = PGD(steps=3, size=0.6, random_start=False)
    end = jax.jit(partial(pgd.propose, objective))(u, eps, KEY)
    np.testing.assert_allclose(end, 0.5 + eps, rtol=1e-6)


def test_noise_moves_every_coordinate_by_eps_and_looks_at_nothing():
    u = np.full((50, 4), 0.5)
    found = tried(linear([0.0] * 4, 1.0), u, np.ones(50, int), Noise(), eps=0.2)
    np.testing.assert_allclose(np.abs(found.u - u), 0.2)
    assert 0.3 < (found.u > u).mean() < 0.7


def test_the_cubes_faces_are_never_crossed():
    u = np.array([[0.0, 1.0, 0.05]])
    found = tried(linear([-1.0, 1.0, 1.0], 5.0), u, [1], FGSM(), eps=0.1)
    np.testing.assert_allclose(found.u, [[0.1, 0.9, 0.0]], atol=1e-12)


class Greedy(Attack):
    """Proposes a fixed far point, whatever its bounds."""

    where: float = 9.0

    def propose(self, objective, u, eps, key):
        return jnp.full_like(u, self.where)


def test_the_shell_clips_what_an_attack_proposes():
    found = tried(linear([1.0, 1.0], 1.0), [[0.5, 0.95]], [1], Greedy(), eps=0.1)
    np.testing.assert_allclose(found.u, [[0.6, 1.0]])


def test_the_shell_refuses_what_is_not_finite():
    with pytest.raises(ApicalError, match="expected finite inputs"):
        tried(linear([1.0, 1.0], 1.0), [[0.5, 0.5]], [1], Greedy(float("nan")), eps=0.1)


def test_what_is_wrong_already_stays_as_it_is_and_does_not_become_right():
    victim = linear([1.0], -0.5)
    found = tried(victim, [[0.45], [0.9]], [1, 1], Greedy(), eps=0.2)
    np.testing.assert_allclose(found.u, [[0.45], [1.0]])
    np.testing.assert_array_equal(found.right, [False, True])


def test_the_victim_answers_whoever_leads_the_attack():
    """A surrogate with the opposite weight pushes the victim to the safe side."""
    u, labels = np.full((3, 1), 0.55), np.ones(3, int)
    alone = tried(linear([1.0], -0.5), u, labels, FGSM())
    misled = tried(linear([1.0], -0.5), u, labels, FGSM(), surrogate=linear([-1.0], 0.5))
    assert not alone.right.any()
    assert misled.right.all()


def test_chunks_do_not_show():
    """More examples than a chunk holds, and not a multiple of it."""
    u = np.random.default_rng(1).uniform(size=(CHUNK + 7, 2))
    labels = (u[:, 0] > u[:, 1]).astype(int)
    found = tried(linear([1.0, -1.0], 0.0), u, labels, FGSM(), eps=0.05)
    np.testing.assert_array_equal(found.right, np.abs(u[:, 0] - u[:, 1]) > 0.1)


def test_margins_by_hand():
    @jax.jit
    def margins(net, a, labels):
        return Margin()(net, net.record(a), labels)

    def passing_on(units):
        layer = Dense(jax.device_put(np.eye(units)), None, (units,), softmax)
        return Network((layer,), CrossEntropy())

    a = np.array([[2.0, 0.5, 1.0], [0.0, 4.0, 1.0]])
    np.testing.assert_allclose(margins(passing_on(3), a, np.array([0, 2])), [-1.0, 3.0])
    labels = np.array([0, 1])
    one, single = linear([1.0], 0.0).net, np.array([[0.7], [0.7]])
    np.testing.assert_allclose(margins(one, single, labels), [0.7, -0.7])
    pair = np.array([[0.0, 0.7]] * 2)
    np.testing.assert_allclose(margins(passing_on(2), pair, labels), [0.7, -0.7])


def test_a_softened_network_answers_the_same_and_has_slopes_where_units_saturate():
    hidden = Dense(jnp.array([[900.0, -600.0]]), None, (2,), sigmoid)
    top = Dense(jnp.array([[3.0]]), None, (1,), identity)
    victim = Victim(Network((hidden, top), SquaredError()), STRAIGHT, UNIT)

    @jax.jit
    def outputs_and_slopes(u):
        def both(v):
            output, pull = jax.vjp(lambda at: v.record(at).output, u)
            return output, *pull(jnp.ones_like(output))

        return both(victim), both(softened(victim, u))

    (hard, flat), (soft, slope) = outputs_and_slopes(np.array([[0.9, 0.1], [0.8, 0.2]]))
    np.testing.assert_allclose(soft, hard)
    assert not np.abs(flat).any()
    np.testing.assert_array_equal(np.sign(slope), [[1, -1], [1, -1]])


def test_bytes_range_over_all_grey_levels_and_features_over_their_splits():
    images = np.full((20, 2, 2), 100, np.uint8)
    labels = np.arange(20) % 2
    unit, raw = jax.jit(Box.unit), jax.jit(Box.raw)
    box = Box.of(from_arrays(images, labels))
    np.testing.assert_allclose(unit(box, images[:1]), 100 / 255)
    sixteen = from_arrays(images // 10, labels, preprocessing=Scale(16.0))
    np.testing.assert_allclose(unit(Box.of(sixteen), images[:1] // 10), 10 / 16)
    x = np.column_stack([np.linspace(-3, 5, 20), np.full(20, 7.0)])
    box = Box.of(from_arrays(x, labels, preprocessing=Scale(1.0)))
    np.testing.assert_allclose(unit(box, np.array([[-3.0, 7.0], [5.0, 7.0]])), [[0, 0], [1, 0]])
    np.testing.assert_allclose(raw(box, unit(box, x)), x, atol=1e-12)


@pytest.mark.parametrize("text", ["0", "-1/255", "1.5", "x", "", "1/0"])
def test_an_eps_that_makes_no_sense_is_refused(text):
    with pytest.raises(UsageError, match="eps: must be a number above 0 and up to 1"):
        Epsilon(text)


def test_eps_is_a_fraction_or_a_decimal():
    assert Epsilon("8/255").size == pytest.approx(8 / 255)
    assert Epsilon("0.03").size == 0.03


def test_a_pgd_without_steps_is_refused():
    with pytest.raises(UsageError, match="pgd: steps and size must be positive"):
        PGD(steps=0)
