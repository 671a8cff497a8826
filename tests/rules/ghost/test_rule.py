"""The ghost-unit rules: two phases inside one credit, against the plain loop and BP."""

from dataclasses import replace
from functools import partial

import equinox as eqx
import numpy as np
import pytest

from apical.errors import UsageError
from apical.feedback import FixedRandom, Transpose
from apical.networks.activations import sigmoid
from apical.networks.initialisers import Uniform
from apical.rules import BP, Batch, GhostMA, GhostMAPrime, GhostMB, Rule, State
from apical.rules.ghost.circuit import Phase, Plasticity, Weights, at_rest, euler, feel, main_change
from apical.rules.ghost.stepping import Strides
from apical.rules.integrate import integrate
from apical.testing import laws
from apical.values.spelling import spell
from apical.values.value import parse
from tests import tiny
from tests.rules.ghost.circuits import felt

pytestmark = pytest.mark.usefixtures("float64")

MA = GhostMA(free_steps=30, clamped_steps=20)
PRIME = GhostMAPrime(free_steps=30, clamped_steps=20)
MB = GhostMB(free_steps=30, clamped_steps=20, main_rates=(4.0,))


def tiny_task(rule, hidden=(5, 4), seed=0):
    net = tiny.network(hidden, sigmoid, rule.recipe.loss, seed, output=sigmoid, bias=False)
    return net, tiny.batch(net, examples=min(4, rule.recipe.batch_size))


@eqx.filter_jit
def by_the_plain_loop(rule, net, state, batch):
    kept, plan = state.kept, rule.learning(net)
    main = tuple(layer.weight for layer in net.layers)
    x = batch.x.reshape(len(batch.x), -1)
    weights = Weights(main, kept.to_ghosts, kept.from_ghosts)
    now = (kept.potentials or at_rest(x, weights), weights)

    def led(main):
        if isinstance(rule.feedback, Transpose):
            return tuple(W.T for W in main[1:])
        return tuple(layer.weight.T for layer in kept.feedback)

    for beta, plasticity, steps in (
        (0.0, plan.free, rule.free_steps),
        (rule.beta, plan.clamped, rule.clamped_steps),
    ):
        phase = Phase(x, batch.y, beta, led)

        def step(state, phase=phase, plasticity=plasticity):
            potentials, weights = state
            return euler(potentials, weights, phase, plasticity, rule.dt / rule.tau)

        now = integrate(step, now, steps)
    end, after = now
    last = main_change(end, feel(end, after, phase))
    minus_change = [
        W0 - W - eta * c for W, W0, eta, c in zip(after.main, main, plan.at_end, last, strict=True)
    ]
    return minus_change, after, end


@pytest.mark.parametrize("feedback", [Transpose(), FixedRandom()], ids=spell)
@pytest.mark.parametrize("rule", [MA, PRIME, MB], ids=lambda rule: rule.name)
def test_credit_is_minus_the_change_of_two_plain_phases(rule, feedback):
    rule = replace(rule, feedback=feedback)
    net, batch = tiny_task(rule)
    state = laws.warm(rule, net, batch)
    found = laws.credit(rule, net, batch, state)
    minus_change, after, end = by_the_plain_loop(rule, net, state, batch)
    laws.assert_close([layer.weight for layer in found.network.layers], minus_change, 1e-7)
    laws.assert_close(found.kept.to_ghosts, after.to_ghosts)
    laws.assert_close(found.kept.from_ghosts, after.from_ghosts)
    assert (found.kept.potentials is not None) == rule.carry
    if rule.carry:
        laws.assert_close(found.kept.potentials, end)


def test_what_is_logged_is_the_end_of_the_free_phase():
    """The root mean square of the errors, and Frobenius distances from what ghosts imitate."""
    net, batch = tiny_task(MA)
    state = laws.warm(MA, net, batch)
    found = laws.credit(MA, net, batch, state).scalars
    (phase, plasticity, steps), _ = MA.stages(net, state.kept, batch, laws.STEP_KEY)
    step = partial(euler, phase=phase, plasticity=plasticity, rate=MA.dt / MA.tau)
    begin = MA.circuit(net, state.kept, batch)
    assert steps == 30
    rested, ready = eqx.filter_jit(integrate)(lambda s: step(*s), begin, steps)
    for k, error in enumerate(felt(rested, ready, phase).errors[:-1]):
        P, G, W = laws.leaves((ready.to_ghosts[k], ready.from_ghosts[k], ready.main[k + 1]))
        assert float(found[f"free_error_{k + 1}"]) == pytest.approx(
            float(np.sqrt(np.mean(np.square(error))))
        )
        assert float(found[f"to_ghosts_gap_{k + 1}"]) == pytest.approx(np.linalg.norm(P - W))
        assert float(found[f"from_ghosts_gap_{k + 1}"]) == pytest.approx(np.linalg.norm(G - W.T))


def test_a_circuit_with_ghosts_of_another_number_logs_no_distance():
    net, batch = tiny_task(MB)
    assert set(laws.credit(MB, net, batch).scalars) == {"free_error_1", "free_error_2"}


RATES = (0.1, 0.2, 0.3)


def test_ma_learns_main_weights_while_clamped_and_lateral_ones_before():
    """Every Euler step adds dt times the rate."""
    net, _ = tiny_task(MA)
    plan = replace(MA, main_rates=RATES).learning(net)
    lateral = MA.dt * MA.ghost_rate
    assert plan.free == Plasticity((0.0,) * 3, lateral, lateral)
    assert plan.clamped == Plasticity(tuple(MA.dt * rate for rate in RATES), 0.0, 0.0)
    assert plan.at_end == (0.0,) * 3


def test_ma_prime_learns_everything_always():
    net, _ = tiny_task(PRIME)
    plan = replace(PRIME, main_rates=RATES, clip=0.5).learning(net)
    lateral, main = PRIME.dt * PRIME.ghost_rate, tuple(PRIME.dt * rate for rate in RATES)
    assert plan.free == plan.clamped == Plasticity(main, lateral, lateral, 0.5)
    assert plan.at_end == (0.0,) * 3


def test_mb_learns_from_ghosts_weights_while_free_and_main_ones_once():
    """The former by dt times their rate at every Euler step, the latter by their rate alone."""
    net, _ = tiny_task(MB)
    plan = replace(MB, main_rates=RATES).learning(net)
    assert plan.free == Plasticity((0.0,) * 3, 0.0, MB.dt * MB.ghost_rate)
    assert plan.clamped == Plasticity((0.0,) * 3, 0.0, 0.0)
    assert plan.at_end == RATES


def test_numbers_of_ghosts():
    net, batch = tiny_task(MB)
    assert MA.ghosts(net, batch) == tuple(layer.out_shape[0] for layer in net.layers[1:])
    assert replace(MB, per_layer=(7,)).ghosts(net, batch) == (7, 7)
    assert replace(MB, per_layer=(3, 2)).ghosts(net, batch) == (3, 2)


@pytest.mark.parametrize("rule", [MA, MB], ids=lambda rule: rule.name)
def test_a_circuit_begins_with_independent_lateral_weights(rule):
    net, batch = tiny_task(rule, (30, 30))
    kept = replace(rule, lateral=Uniform(0.07)).init(net, batch, laws.KEY).kept
    for W in (*kept.to_ghosts, *kept.from_ghosts):
        assert 0.06 < laws.largest(W) <= 0.07
    for P, G in zip(laws.leaves(kept.to_ghosts), laws.leaves(kept.from_ghosts), strict=True):
        assert P.shape == G.T.shape
        assert not np.allclose(np.sort(P.ravel()), np.sort(G.ravel()))


def converged(rule, net, batches, rounds):
    """The rule's state after many free phases on a network that does not change."""
    state = rule.init(net, batches[0], laws.KEY)
    for _ in range(rounds):
        for batch in batches:
            state = State(kept=laws.compiled(rule, net, state, batch).kept)
    return state


def misses(found, expected):
    """The relative distance of each layer's signals."""
    both = zip(laws.leaves(found), laws.leaves(expected), strict=True)
    return [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in both]


RESTED = GhostMB(free_steps=400, clamped_steps=60, beta=1e-4, main_rates=(1.0,))


@pytest.mark.parametrize("seed", range(3))
def test_mb_signals_are_backpropagations_but_for_second_order_in_the_weights(seed):
    """Errors e solve (I - M) e = g, where g are BP's and M has a product of two weights, main or
    lateral, in each term; so half of all weights leave a quarter of the distance."""
    drawn, _ = tiny_task(MB, seed=seed)
    batch = tiny.batch(drawn, examples=1, seed=seed)
    missed = {}
    for scale in (1, 1 / 4, 1 / 8):
        rule = replace(RESTED, lateral=Uniform(0.2 * scale))
        net = laws.mapped(lambda w, scale=scale: scale * w, drawn)
        state = converged(rule, net, [batch], 5)
        ours, theirs = laws.credit(rule, net, batch, state), laws.credit(BP(), net, batch)
        missed[scale] = max(misses(ours.signals, theirs.signals))
    assert missed[1] < 0.3
    assert missed[1 / 4] / missed[1 / 8] == pytest.approx(4, rel=0.1)
    for one, other in zip(*map(laws.leaves, (ours.network, theirs.network)), strict=True):
        laws.assert_close(one / RESTED.beta, other, rtol=0.02, atol=0.0002)


def test_ma_signals_come_to_be_backpropagations_as_ghosts_learn():
    rule = GhostMA(free_steps=300, clamped_steps=200, beta=0.01, main_rates=(0.0,), ghost_rate=30.0)
    net, _ = tiny_task(rule, (4,))
    batches = [tiny.batch(net, examples=5, seed=s) for s in range(40)]
    before = laws.credit(rule, net, batches[0])
    after = laws.credit(rule, net, batches[0], converged(rule, net, batches, 30))
    reference = laws.credit(BP(), net, batches[0])

    def miss(found):
        return misses(found.signals, reference.signals)[0]

    assert miss(before) > 1
    assert miss(after) < 0.1
    assert after.scalars["to_ghosts_gap_1"] < 0.2 * before.scalars["to_ghosts_gap_1"]
    assert after.scalars["from_ghosts_gap_1"] < 0.2 * before.scalars["from_ghosts_gap_1"]
    assert after.scalars["free_error_1"] < 0.01 * before.scalars["free_error_1"]


@pytest.mark.parametrize("rule", [MA, MB], ids=lambda rule: rule.name)
def test_feedback_alignment_reads_no_forward_weight(rule):
    """At held potentials the hidden errors know W only through transposed feedback."""
    moved = {}
    for feedback in (Transpose(), FixedRandom()):
        asked = replace(rule, feedback=feedback)
        net, batch = tiny_task(asked)
        kept = asked.init(net, batch, laws.KEY).kept
        held, weights = asked.circuit(net, kept, batch)
        _, clamped = asked.stages(net, kept, batch, laws.STEP_KEY)
        main = laws.mapped(np.negative, weights.main)
        flipped = Weights(main, kept.to_ghosts, kept.from_ghosts)
        errors = [felt(held, w, clamped.phase).errors[:-1] for w in (weights, flipped)]
        moved[type(feedback)] = not np.allclose(errors[0][0], errors[1][0])
    assert moved == {Transpose: True, FixedRandom: False}


def test_refuses_what_it_cannot_serve():
    net = tiny.network()
    with pytest.raises(UsageError, match="no biases, layer 1 has; set bias to false"):
        MA.init(net, tiny.batch(net), laws.KEY)
    tanh = tiny.network(bias=False)
    with pytest.raises(UsageError, match="must be sigmoid, layer 1 is tanh"):
        MA.init(tanh, tiny.batch(tanh), laws.KEY)
    net, batch = tiny_task(MA)
    with pytest.raises(UsageError, match="batches of 4; use batch_size 1"):
        MB.init(net, batch, laws.KEY)
    with pytest.raises(
        UsageError, match=r"3 layers, and there are 2 rates .*; give one number, or 3"
    ):
        laws.credit(replace(MA, main_rates=(1.0, 2.0)), net, batch)
    with pytest.raises(UsageError, match="2 hidden layers, got 3 numbers"):
        replace(MB, per_layer=(1, 2, 3)).init(net, Batch(batch.x[:1], batch.y[:1]), laws.KEY)
    with pytest.raises(UsageError, match="dt: must lie above 0"):
        GhostMA(dt=0.1)
    with pytest.raises(UsageError, match="strides take none; use stepping euler or clip inf"):
        replace(PRIME, stepping=Strides(10))
    with pytest.raises(UsageError, match="a phase of 30 Euler steps is not made of strides of 4"):
        replace(MA, stepping=Strides(4))
    with pytest.raises(UsageError, match="beta: must be a positive finite number"):
        GhostMA(beta=0.0)
    for steps in (0, 2**31):
        with pytest.raises(UsageError, match=f"clamped_steps: must be between 1 .* got {steps}"):
            GhostMA(clamped_steps=steps)


def test_rates_of_layers_are_spelled_with_slashes():
    rule = GhostMB(main_rates=(40.0, 0.1, 0.01), per_layer=(20, 5))
    assert parse(Rule, spell(rule)) == rule
