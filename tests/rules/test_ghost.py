"""The ghost-unit rules: two phases inside one credit, against the plain loop and BP."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.dynamics.ghost import Phase, Weights, at_rest, euler, feel, main_change
from apical.dynamics.integrate import integrate
from apical.dynamics.stepping import Strides
from apical.errors import UsageError
from apical.feedback import FixedRandom, Transpose
from apical.initialisers import Uniform
from apical.papers.ghost_units.experiments import ma, ma_deep, mb, mb_deep
from apical.papers.ghost_units.trace import watch
from apical.rules import BP, Batch, GhostMA, GhostMAPrime, GhostMB, Rule, State
from apical.training.epoch import Carry
from apical.values import parse, spell
from tests import laws, tiny

pytestmark = pytest.mark.usefixtures("float64")

MA = GhostMA(free_steps=30, clamped_steps=20)
PRIME = GhostMAPrime(free_steps=30, clamped_steps=20)
MB = GhostMB(free_steps=30, clamped_steps=20, main_rates=(4.0,))


def tiny_task(rule, hidden=(5, 4)):
    net = tiny.network(hidden, "sigmoid", rule.recipe.loss, output="sigmoid", bias=False)
    return net, tiny.batch(net, examples=min(4, rule.recipe.batch_size))


def by_the_plain_loop(rule, net, state, batch):
    kept, plan = state.kept, rule.plan(net)
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
    change = [
        W - W0 + eta * c for W, W0, eta, c in zip(after.main, main, plan.at_end, last, strict=True)
    ]
    return change, after, end


@pytest.mark.parametrize("feedback", [Transpose(), FixedRandom()], ids=spell)
@pytest.mark.parametrize("rule", [MA, PRIME, MB], ids=lambda rule: rule.name)
def test_credit_is_minus_the_change_of_two_plain_phases(rule, feedback):
    rule = replace(rule, feedback=feedback)
    net, batch = tiny_task(rule)
    state = laws.warm(rule, net, batch)
    found = laws.credit(rule, net, batch, state)
    change, after, end = by_the_plain_loop(rule, net, state, batch)
    laws.assert_close([layer.weight for layer in found.network.layers], [-c for c in change], 1e-7)
    laws.assert_close(found.kept.to_ghosts, after.to_ghosts)
    laws.assert_close(found.kept.from_ghosts, after.from_ghosts)
    if rule.carry:
        laws.assert_close(found.kept.potentials, end)


@pytest.mark.parametrize(("rule", "main", "lateral"), [(MA, (0, 1), 1), (PRIME, (1, 1), 1)])
def test_what_learns_when(rule, main, lateral):
    net, _ = tiny_task(rule)
    plan = rule.plan(net)
    assert [bool(any(p.main)) for p in (plan.free, plan.clamped)] == [bool(m) for m in main]
    assert plan.free.to_ghosts == plan.free.from_ghosts == pytest.approx(rule.dt * rule.ghost_rate)
    assert plan.clamped.to_ghosts == (0 if rule is MA else plan.free.to_ghosts)
    assert not any(plan.at_end)


def test_mb_keeps_to_ghosts_fixed_and_changes_main_weights_once():
    net, _ = tiny_task(MB)
    plan = MB.plan(net)
    assert plan.free.to_ghosts == plan.clamped.to_ghosts == plan.clamped.from_ghosts == 0
    assert not any(plan.free.main + plan.clamped.main)
    assert plan.free.from_ghosts == pytest.approx(0.1)
    assert plan.at_end == (4.0, 4.0, 4.0)


def converged(rule, net, batches, rounds):
    """The rule's state after many free phases on a network that does not change."""
    state = rule.init(net, batches[0], laws.KEY)
    step = jax.jit(
        lambda state, batch: State(kept=rule.credit(net, state, batch, laws.STEP_KEY).kept)
    )
    for _ in range(rounds):
        for batch in batches:
            state = step(state, batch)
    return state


def test_mb_signals_are_backpropagations_nearly():
    rule = GhostMB(free_steps=400, clamped_steps=60, beta=0.01, main_rates=(1.0,))
    net, _ = tiny_task(rule)
    for seed in range(3):
        batch = tiny.batch(net, examples=1, seed=seed)
        state = converged(rule, net, [batch], 5)
        ours, theirs = laws.credit(rule, net, batch, state), laws.credit(BP(), net, batch)
        for a, b in zip(ours.signals, theirs.signals, strict=True):
            assert float(jnp.linalg.norm(a - b) / jnp.linalg.norm(b)) < 0.15
        for one, other in zip(ours.network.layers, theirs.network.layers, strict=True):
            laws.assert_close(one.weight / rule.beta, other.weight, rtol=0.2, atol=0.002)


def test_ma_signals_come_to_be_backpropagations_as_ghosts_learn():
    rule = GhostMA(free_steps=300, clamped_steps=200, beta=0.01, main_rates=(0.0,), ghost_rate=20.0)
    net, _ = tiny_task(rule, (4,))
    batches = [tiny.batch(net, examples=5, seed=s) for s in range(4)]
    before = laws.credit(rule, net, batches[0])
    after = laws.credit(rule, net, batches[0], converged(rule, net, batches, 120))
    reference = laws.credit(BP(), net, batches[0])

    def miss(found):
        a, b = found.signals[0], reference.signals[0]
        return float(jnp.linalg.norm(a - b) / jnp.linalg.norm(b))

    assert miss(before) > 1
    assert miss(after) < 0.2
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
        weights = asked.circuit(net, kept)
        held = at_rest(batch.x.reshape(len(batch.x), -1), weights)
        _, clamped = asked.phases(net, kept, batch, laws.STEP_KEY)
        flipped = Weights(tuple(-W for W in weights.main), kept.to_ghosts, kept.from_ghosts)
        errors = [feel(held, w, clamped).errors[:-1] for w in (weights, flipped)]
        moved[type(feedback)] = not np.allclose(errors[0][0], errors[1][0])
    assert moved == {Transpose: True, FixedRandom: False}


def test_refuses_what_it_cannot_serve():
    net = tiny.network()
    with pytest.raises(UsageError, match="no biases, layer 1 has; use --no-bias"):
        MA.init(net, tiny.batch(net), laws.KEY)
    tanh = tiny.network(bias=False)
    with pytest.raises(UsageError, match="must be sigmoid, layer 1 is tanh"):
        MA.init(tanh, tiny.batch(tanh), laws.KEY)
    net, batch = tiny_task(MA)
    with pytest.raises(UsageError, match="batches of 4; use --batch-size 1"):
        MB.init(net, batch, laws.KEY)
    with pytest.raises(UsageError, match=r"3 layers, and there are 2 rates .*; give --main-rates"):
        laws.credit(replace(MA, main_rates=(1.0, 2.0)), net, batch)
    with pytest.raises(UsageError, match="2 hidden layers, got 3 numbers"):
        replace(MB, per_layer=(1, 2, 3)).init(net, Batch(batch.x[:1], batch.y[:1]), laws.KEY)
    with pytest.raises(UsageError, match="dt: must lie above 0"):
        GhostMA(dt=0.1)
    with pytest.raises(UsageError, match="strides take none; use --stepping euler or --clip inf"):
        laws.credit(replace(PRIME, stepping=Strides(10)), net, batch)
    with pytest.raises(UsageError, match="beta: must be positive"):
        GhostMA(beta=0.0)


@pytest.mark.parametrize(
    ("cell", "rates", "ghost_rate", "steps", "init"),
    [
        (ma(300, "tf"), (0.1,), 0.05, 200, 0.2),
        (ma_deep((500, 500), "tf"), (0.01,), 0.01, 200, 0.1),
        (ma_deep((500, 500), "fa"), (0.05,), 0.02, 200, 0.1),
        (mb(500, "tf"), (4.0, 0.04), 20.0, 100, 0.05),
        (mb(100, "fa"), (8.0, 0.2), 20.0, 100, 0.05),
        (mb_deep(300, "tf"), (40.0, 0.1, 0.005), 20.0, 140, 0.05),
        (mb_deep(500, "tf"), (40.0, 0.1, 0.01), 20.0, 140, 0.05),
        (mb_deep(300, "fa"), (200.0, 2.0, 0.02), 20.0, 100, 0.05),
        (mb_deep(500, "fa"), (200.0, 1.0, 0.01), 20.0, 100, 0.05),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_papers_tables(cell, rates, ghost_rate, steps, init):
    rule = cell.rule
    assert (rule.main_rates, rule.ghost_rate, rule.free_steps) == (rates, ghost_rate, steps)
    assert cell.settings.init == rule.lateral == Uniform(init)
    fixed = isinstance(rule.feedback, FixedRandom)
    assert fixed == cell.name.endswith("-fa")
    if fixed:
        assert rule.feedback.law == Uniform(init)


def test_another_nudge_keeps_the_size_of_a_step():
    usual, strong = mb(100, "tf").rule, mb(100, "tf", beta=1.0).rule
    assert isinstance(usual, GhostMB)
    assert isinstance(strong, GhostMB)
    assert strong.beta == 1.0
    for a, b in zip(usual.main_rates, strong.main_rates, strict=True):
        assert usual.beta * a == pytest.approx(strong.beta * b)


def test_a_watched_circuit_ends_where_the_rule_does():
    net, batch = tiny_task(MB)
    state = laws.warm(MB, net, batch)
    seen = watch(MB, Carry(net, state, None, None), batch)
    assert seen.outputs.shape == (MB.free_steps + MB.clamped_steps, 3)
    rested = np.abs(seen.errors[[0, MB.free_steps, -1]]).max(axis=1)
    assert rested[1] < rested[0]
    assert rested[1] < rested[2]


def test_rates_of_layers_are_spelled_with_slashes():
    rule = GhostMB(main_rates=(40.0, 0.1, 0.01), per_layer=(20, 5))
    assert parse(Rule, spell(rule)) == rule
