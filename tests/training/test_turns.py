"""The network and what a rule learns are stepped in turns, by optimizers of their own."""

import json
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import BP, DTP, Settings, fit
from apical.feedback import Transport
from apical.networks.activations import relu
from apical.networks.layers import Fc
from apical.rules import Credit, Rule, State
from apical.rules.rule import Traits
from apical.rules.target_propagation.inverses import NoisePreserving
from apical.settings.turns import LEARNED, NETWORK, TOGETHER
from apical.training.events import Epoch
from apical.training.optimizer import build_both
from apical.training.task import Task
from apical.training.trainer import Start
from tests.training.small import SMALL, bits, timeless

STEPS = 11


class Shadow(Rule):
    """Learns as BP does, and beside it a number that follows the first weight.

    Its pseudo-gradient of the number is (number - weight), and it notes both at every call.
    """

    name = "shadow"

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS)

    def init(self, net, batch, key):
        return State(learned=jnp.zeros(()), kept=(jnp.zeros((), int), jnp.zeros((6 * STEPS, 3))))

    def credit(self, net, state, batch, key):
        calls, seen = state.kept
        weight = net.layers[0].weight[0, 0]
        noted = seen.at[calls].set(jnp.stack([weight, state.learned, jnp.sum(batch.x)]))
        found = BP().credit(net, State(), batch, key)
        return Credit(
            found.network,
            found.signals,
            kept=(calls + 1, noted),
            learned=state.learned - weight,
            scalars={"number": state.learned},
        )


def notes(blobs, **settings):
    """What the rule noted, a row a call: first weight, number, inputs."""
    result = fit(Shadow(), blobs, hidden=(8,), batch_size=30, optimizer="sgd", lr=0.5, **settings)
    calls, seen = result.states[0].kept
    return np.asarray(seen)[: int(calls)], result


def moved(column):
    """Whether a value changed from each call to the next."""
    return np.diff(column) != 0


def test_together_both_are_stepped_at_every_call(blobs):
    seen, _ = notes(blobs, epochs=2)
    assert len(seen) == 2 * STEPS
    assert moved(seen[:, 0]).all()
    assert moved(seen[1:, 1]).all()


def test_by_the_epoch_a_whole_pass_belongs_to_one_of_them(blobs):
    seen, result = notes(blobs, epochs=2, alternate="epoch")
    assert len(seen) == 4 * STEPS
    learned_first = np.arange(4 * STEPS - 1) // STEPS % 2 == 0
    np.testing.assert_array_equal(moved(seen[:, 1]), learned_first)
    np.testing.assert_array_equal(moved(seen[:, 0]), ~learned_first)
    # Both passes of an epoch meet the same minibatches, and its metrics are of the second.
    inputs = seen[:, 2].reshape(4, STEPS)
    np.testing.assert_array_equal(inputs[0], inputs[1])
    assert (inputs[1] != inputs[2]).any()
    assert result.metrics[0]["number"] == pytest.approx(seen[STEPS, 1])


def test_by_the_batch_they_take_turns_on_every_minibatch(blobs):
    seen, _ = notes(blobs, epochs=2, alternate="batch")
    assert len(seen) == 4 * STEPS
    learned_first = np.arange(4 * STEPS - 1) % 2 == 0
    np.testing.assert_array_equal(moved(seen[:, 1]), learned_first)
    np.testing.assert_array_equal(moved(seen[:, 0]), ~learned_first)
    np.testing.assert_array_equal(seen[::2, 2], seen[1::2, 2])


@pytest.mark.parametrize("alternate", ["epoch", "batch"])
def test_each_group_has_its_own_rate_whatever_the_turns(blobs, alternate):
    seen, _ = notes(blobs, epochs=1, alternate=alternate, learned_lr=0.25)
    before, after = seen[:2]
    assert after[1] - before[1] == pytest.approx(0.25 * (before[0] - before[1]), rel=1e-5)


@pytest.mark.parametrize("alternate", [None, "epoch", "batch"])
def test_an_epoch_of_falling_noise_is_one_of_that_constant_noise(blobs, alternate):
    """To rounding, each epoch going on from the one before, whatever the turns."""
    chosen: dict[str, Any] = {"hidden": (6, 6), "batch_size": 30, "epochs": 4}

    def task(noise, halved_after):
        rule = DTP(inverse=NoisePreserving(noise), noise_halved_after=halved_after)
        return Task(rule, blobs, Settings(alternate=alternate, **chosen))

    def constant(carry):
        return eqx.tree_at(lambda c: c.state.epoch, carry, None, is_leaf=lambda leaf: leaf is None)

    falling = task(0.5, 1.0)
    rounds = falling.trainer.train([Start(0, falling.begin(0))])
    carries = [epoch.carry for each in rounds if isinstance(each, list) for epoch in each]
    assert [int(carry.state.epoch) for carry in carries] == [0, 1, 2, 3, 4]
    for done in range(4):
        start = Start(0, constant(carries[done]), done)
        *_, ended = next(task(0.5 / (1 + done), None).trainer.train([start]))
        for a, b in zip(
            *map(jax.tree.leaves, (ended.carry, constant(carries[done + 1]))), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_falling_noise_goes_on_where_it_stopped(blobs, tmp_path):
    rule, chosen = DTP(noise_halved_after=1.0), {**SMALL, "hidden": (6, 6)}
    whole = fit(rule, blobs, **chosen)
    fit(rule, blobs, out=tmp_path, **chosen | {"epochs": 1})
    done = fit(rule, blobs, out=tmp_path, resume=True, **chosen)
    assert bits((done.networks, done.states)) == bits((whole.networks, whole.states))
    assert timeless(done.metrics) == timeless(whole.metrics)


class Counting(BP):
    """Counts its calls, and learns nothing of its own."""

    name = "counting"

    def init(self, net, batch, key):
        return State(kept=jnp.zeros((), int))

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        return Credit(found.network, found.signals, kept=state.kept + 1)


@pytest.mark.parametrize("alternate", ["epoch", "batch"])
def test_a_rule_that_learns_nothing_of_its_own_has_no_turns(blobs, alternate):
    alone, turns = (
        fit(Counting(), blobs, hidden=(8,), batch_size=30, epochs=1, alternate=a)
        for a in (None, alternate)
    )
    assert turns.states[0].kept == STEPS
    for a, b in zip(*(jax.tree.leaves(r.networks) for r in (alone, turns)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_not_said_of_the_learned_group_is_as_for_the_network():
    def first_step(optimizer):
        weights = jnp.ones(())
        return float(optimizer.update(0.1 * weights, optimizer.init(weights), weights)[0])

    args = {"eps": 1.0}
    both = build_both(Settings(lr=0.1, optimizer_args=args), 5)
    assert first_step(both.learned) == first_step(both.network)
    both = build_both(Settings(lr=0.1, optimizer_args=args, learned_lr=0.2), 5)
    assert first_step(both.learned) == pytest.approx(2 * first_step(both.network))
    both = build_both(Settings(lr=0.1, optimizer_args=args, learned_optimizer="sgd"), 5)
    assert first_step(both.learned) == pytest.approx(-0.01)
    both = build_both(Settings(lr=0.1, optimizer_args=args, learned_optimizer_args={"eps": 0.0}), 5)
    assert first_step(both.learned) == pytest.approx(-0.1, rel=1e-5)


class Costly(Rule):
    """Its two pseudo-gradients need a cosine and a sine, which a compiled turn shows."""

    name = "costly"

    @property
    def traits(self):
        return Traits(transport=Transport.NONE)

    def init(self, net, batch, key):
        return State(learned=jnp.ones(7))

    def credit(self, net, state, batch, key):
        network = jax.tree.map(jnp.cos, net)
        return Credit(network, net.record(batch.x).preactivations, learned=jnp.sin(state.learned))


@pytest.mark.parametrize(
    ("turn", "words"),
    [(LEARNED, {"sine"}), (NETWORK, {"cosine"}), (TOGETHER[0][0], {"sine", "cosine"})],
)
def test_the_compiler_removes_what_a_turn_does_not_apply(blobs, turn, words):
    task = Task(Costly(), blobs, Settings(hidden=(Fc(8),), batch_size=30, activation=relu))

    def step(carry, examples, key):
        return task.learner.step(turn, carry, examples, key)

    lowered = jax.jit(step).lower(task.begin(0), task.trainer.probe(30), jax.random.key(0))
    compiled = lowered.compile().as_text() or ""
    assert {word for word in ("sine", "cosine") if f" {word}(" in compiled} == words


@pytest.mark.parametrize("alternate", [None, "batch", "epoch"])
def test_turns_are_resumed_to_the_same_bits(blobs, tmp_path, alternate):
    given: dict[str, Any] = {
        "hidden": (8,), "batch_size": 30, "epochs": 2, "alternate": alternate, "learned_lr": 0.1,
    }  # fmt: skip
    whole = fit(Shadow(), blobs, **given)

    def interrupt(event):
        if isinstance(event, Epoch) and event.number == 1:
            raise KeyboardInterrupt

    fit(Shadow(), blobs, out=tmp_path, listeners=[interrupt], **given)
    again = fit(Shadow(), blobs, out=tmp_path, resume=True, **given)
    for a, b in zip(
        *(jax.tree.leaves((r.networks, r.states)) for r in (whole, again)), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    config = json.loads((tmp_path / "config.json").read_text())
    assert Settings.from_json(config["settings"]) == Settings(**given)
