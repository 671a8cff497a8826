from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from apical import BP, FA, Settings, UsageError
from apical.feedback import Transport
from apical.networks.layers import Fc
from apical.networks.targets import Label, decode, encode
from apical.rules import Batch, Credit, Rule, State
from apical.rules.rule import Traits
from apical.runs.summary import summarise
from apical.settings.schedules import HoldThenLinear
from apical.training import fit
from apical.training.optimizer import _optimizers, build as build_optimizer
from apical.training.order import shuffled, steps_in_epoch
from apical.training.task import Task


def test_an_epoch_is_a_shuffle():
    order = np.asarray(shuffled(jax.random.key(0), 10, 3, 3))
    assert len(set(order.ravel())) == 9
    wrapped = np.asarray(shuffled(jax.random.key(0), 10, 4, 3)).ravel()
    assert set(wrapped) == set(range(10))
    np.testing.assert_array_equal(wrapped[10:], wrapped[:2])


@pytest.mark.parametrize(("policy", "steps"), [("drop", 3), ("wrap", 4)])
def test_the_last_partial_batch_has_an_explicit_policy(policy, steps):
    assert steps_in_epoch(Settings(batch_size=3, partial_batch=policy), 10) == steps


def test_labels_go_to_targets_and_back():
    labels = jnp.array([0, 2, 1])
    np.testing.assert_array_equal(decode(encode(labels, 3)), labels)
    pairs = jnp.array([0, 1, 1])
    assert encode(pairs, 1).shape == (3, 1)
    np.testing.assert_array_equal(decode(encode(pairs, 1)), pairs)


def test_decay_and_clipping_come_before_the_optimizer():
    params = {"w": jnp.ones((2, 2)), "b": jnp.ones(2)}
    grads = jax.tree.map(jnp.zeros_like, params)
    decayed = build_optimizer(Settings(optimizer="sgd", lr=0.5, weight_decay=0.1), 10)
    changes, _ = decayed.update(grads, decayed.init(params), params)
    np.testing.assert_allclose(changes["w"], -0.05)
    np.testing.assert_allclose(changes["b"], 0)
    clipped = build_optimizer(Settings(optimizer="sgd", lr=1.0, clip_norm=1.0), 10)
    big = jax.tree.map(lambda p: 100 * p, params)
    changes, _ = clipped.update(big, clipped.init(params), params)
    assert float(optax.tree.norm(changes)) == pytest.approx(1.0)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "hold"])
def test_schedules_end_at_zero(schedule):
    optimizer = build_optimizer(Settings(optimizer="sgd", lr=1.0, schedule=schedule), 4)
    params = jnp.ones(1)
    state, sizes = optimizer.init(params), []
    for _ in range(5):
        change, state = optimizer.update(jnp.ones(1), state, params)
        sizes.append(-float(change[0]))
    assert sizes[0] == pytest.approx(1.0)
    assert sizes[-1] == pytest.approx(0.0)
    assert sorted(sizes, reverse=True) == sizes


def test_a_rate_is_held_for_its_share_of_the_steps():
    rate = HoldThenLinear(0.6).rate(2.0, 10)
    found = [float(rate(step)) for step in (0, 5, 6, 7, 8, 10)]
    assert found == pytest.approx([2, 2, 2, 1.5, 1, 0])
    with pytest.raises(UsageError, match="share of hold: must be 0 or more and below 1, got 1"):
        HoldThenLinear(1.0)


class Mirror(Rule):
    """A rule that the library has never heard of: it learns its own feedback and counts."""

    name = "mirror"
    rate: float = 1.0

    @property
    def traits(self):
        return Traits(transport=Transport.NONE)

    def init(self, net, batch, key):
        return State(learned=FA().init(net, batch, key).kept, kept=jnp.zeros(()))

    def credit(self, net, state, batch: Batch, key):
        inner = FA().credit(net, State(kept=state.learned), batch, key)
        above = inner.network.layers[1:]
        learned = tuple(
            back.with_weight(self.rate * layer.weight)
            for back, layer in zip(state.learned, above, strict=True)
        )
        return Credit(
            inner.network,
            inner.signals,
            kept=state.kept + 1,
            learned=learned,
            scalars={"count": state.kept},
        )


def test_a_new_rule_needs_nothing_but_itself(blobs):
    result = fit(Mirror(), blobs, hidden=(8,), epochs=3, batch_size=30, lr=1e-2)
    (state,) = result.states
    assert float(state.kept) == 33
    assert result.metrics[-1]["count"] == pytest.approx(np.mean(np.arange(22, 33)))


def test_alignment_sees_only_rules_and_reference(blobs):
    angles = {}
    for rule in (BP(), FA()):
        row = fit(rule, blobs, hidden=(8,), epochs=1, batch_size=30).initial[0]["alignment"]
        angles[rule.name] = row["feedback_angle"][0]
        assert row["cosine"][-1] == pytest.approx(1, abs=1e-5)
        assert row["norm_ratio"][-1] == pytest.approx(1, abs=1e-5)
    assert angles["bp"] == pytest.approx(0, abs=0.1)
    assert angles["fa"] > 30


STEPS = 11


class Witness(Rule):
    """Learns as BP does and keeps what it was given: the key and the inputs of each step."""

    name = "witness"

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS)

    def init(self, net, batch, key):
        drawn = jax.random.uniform(key)
        return State(kept=(jnp.zeros((), int), drawn, jnp.zeros((3 * STEPS, 2))))

    def credit(self, net, state, batch, key):
        step, drawn, seen = state.kept
        now = jnp.stack([jax.random.uniform(key), jnp.sum(batch.x**2)])
        found = BP().credit(net, State(), batch, key)
        return Credit(found.network, found.signals, kept=(step + 1, drawn, seen.at[step].set(now)))


def test_each_step_has_randomness_of_its_own_and_each_epoch_an_order(blobs):
    (state,) = fit(Witness(), blobs, hidden=(8,), epochs=3, batch_size=30).states
    _, drawn, seen = state.kept
    keys, batches = np.asarray(seen).T
    assert len({*keys.tolist(), float(drawn)}) == 3 * STEPS + 1
    epochs = batches.reshape(3, STEPS)
    assert len(np.unique(epochs.round(3))) == 3 * STEPS
    np.testing.assert_allclose(epochs.sum(axis=1), epochs[0].sum(), rtol=1e-5)


def test_feedback_is_drawn_from_another_stream_than_the_network(blobs):
    carry = Task(FA(), blobs, Settings(hidden=(Fc(8), Fc(8)), batch_size=30)).begin(0)
    drawn = [np.ravel(layer.weight) for layer in carry.net.layers]
    for back in carry.state.kept:
        b = np.ravel(back.weight)
        for w in drawn:
            n = min(len(b), len(w))
            assert abs(np.corrcoef(b[:n], w[:n])[0, 1]) < 0.7


def test_learned_feedback_is_stepped_by_the_optimizer(blobs):
    """Kolen-Pollack without decay: W - B of the output layer stays what it was at the start."""
    events: list[Any] = []
    given: dict[str, Any] = {
        "hidden": (8,),
        "epochs": 2,
        "batch_size": 30,
        "optimizer": "sgd",
        "lr": 0.1,
    }
    fit(Mirror(), blobs, listeners=[events.append], **given)
    first, *_, last = [e.carry for e in events if hasattr(e, "carry")]

    def difference(carry):
        return carry.net.layers[1].weight - carry.state.learned[0].weight

    moved = last.state.learned[0].weight - first.state.learned[0].weight
    assert np.abs(moved).max() > 1e-2
    np.testing.assert_allclose(difference(last), difference(first), atol=1e-5)


def test_decode_splits_a_single_unit_at_one_half():
    np.testing.assert_array_equal(decode(jnp.array([[0.49], [0.51]])), [0, 1])


def rows(*accuracies):
    return [
        {"seed": 0, "epoch": e, "val_accuracy": v, "test_accuracy": t,
         "seconds": 1.0, "seconds_measuring": 0.0}
        for e, (v, t) in enumerate(accuracies, start=1)
    ]  # fmt: skip


def test_the_best_epoch_is_chosen_on_validation_the_first_of_equals():
    given = rows((0.5, 0.6), (0.8, 0.5), (0.8, 0.9), (0.7, 0.95))
    best = summarise({}, "finished", {0: {"test_accuracy": 0.9}}, given, Label().metric)[
        "best_validation"
    ]
    assert best["epoch"] == [2]
    assert best["val_accuracy"]["list"] == [0.8]
    assert best["test_accuracy"]["list"] == [0.5]


@pytest.mark.parametrize("asked", [False, True])
def test_the_test_set_is_looked_at_during_training_only_if_asked(blobs, asked):
    result = fit(BP(), blobs, hidden=(8,), epochs=1, batch_size=30, record_test=asked)
    assert ("test_accuracy" in result.metrics[0]) is asked


@pytest.mark.parametrize("name", sorted(_optimizers()))
def test_every_optimizer_that_is_offered_can_be_used(name):
    params = {"w": jnp.ones((2, 2)), "b": jnp.ones(2)}
    optimizer = build_optimizer(Settings(optimizer=name, lr=1e-3, weight_decay=0.1), 4)
    state = optimizer.init(params)
    changes, _ = optimizer.update(jax.tree.map(lambda p: 0.1 * p, params), state, params)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(changes))


@pytest.mark.parametrize(
    "given",
    [{"weight_decay": 0.1}, {"optimizer": "adamw", "optimizer_args": {"weight_decay": 0.1}}],
    ids=str,
)
@pytest.mark.parametrize("rule", [BP(), FA(), Mirror()], ids=lambda r: r.name)
def test_optimizers_that_look_at_the_weights_work_for_every_rule(blobs, rule, given):
    plain = fit(rule, blobs, hidden=(8,), epochs=1, batch_size=30)
    decayed = fit(rule, blobs, hidden=(8,), epochs=1, batch_size=30, **given)
    assert decayed.metrics[0]["train_loss"] != plain.metrics[0]["train_loss"]
