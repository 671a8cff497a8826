from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from apical import BP, DFA, FA, Settings, UsageError, fit
from apical.data import Centre, Split
from apical.training.events import Epoch
from tests.training.small import SMALL, bits, timeless


def test_it_learns_and_reports(blobs):
    result = fit(FA(), blobs, seeds=2, seed=5, **SMALL | {"epochs": 20, "lr": 1e-2})
    assert result.test_accuracy > 0.95
    assert len(result.metrics) == 40
    assert {row["seed"] for row in result.metrics} == {5, 6}
    summary = result.summary
    assert summary["rule"] == "fa"
    assert summary["data"] == "blobs"
    assert summary["n_seeds"] == 2
    for split in ("train", "val", "test"):
        found = summary[f"{split}_accuracy"]
        assert len(found["list"]) == 2
        assert found["mean"] == pytest.approx(np.mean(found["list"]))
        assert found["std"] == pytest.approx(np.std(found["list"], ddof=1))
    cosines = [row["alignment"]["cosine"][0] for row in (result.initial[0], result.metrics[19])]
    assert cosines[1] > max(0.3, cosines[0])


def test_the_summary_is_what_the_network_does(blobs):
    result = fit(BP(), blobs, **SMALL)
    (net,) = result.networks
    outputs = net(jnp.asarray(blobs.test.x) / 255)
    accuracy = np.mean(np.argmax(outputs, axis=-1) == blobs.test.y)
    assert result.test_accuracy == pytest.approx(accuracy)
    outputs = net(jnp.asarray(blobs.validation.x) / 255)
    accuracy = np.mean(np.argmax(outputs, axis=-1) == blobs.validation.y)
    assert result.metrics[-1]["val_accuracy"] == pytest.approx(accuracy)
    assert result.summary["val_accuracy"]["mean"] == pytest.approx(accuracy)


def test_a_seed_fixes_weights_and_order_whatever_the_rule(blobs):
    (bp,), (dfa,) = ([e for e in heard(rule, blobs) if e.number == 0] for rule in (BP(), DFA()))
    assert bits(bp.carry.net) == bits(dfa.carry.net)
    # The output layer's first update is the same for both, so equal order shows in the loss.
    first = [fit(r, blobs, **SMALL | {"lr": 1e-9}).metrics[0] for r in (BP(), DFA())]
    assert first[0]["train_loss"] == pytest.approx(first[1]["train_loss"], rel=1e-5)


def heard(rule, data, **settings):
    events: list[Any] = []
    fit(rule, data, listeners=[events.append], **SMALL | settings)
    return [event for event in events if isinstance(event, Epoch)]


def test_the_same_call_gives_the_same_bits_and_another_seed_others(blobs):
    one, two, other = (fit(FA(), blobs, seed=s, **SMALL) for s in (0, 0, 1))
    assert bits(one.networks) == bits(two.networks) != bits(other.networks)
    assert timeless(one.metrics) == timeless(two.metrics)


def test_settings_are_taken_whole_with_changes(blobs):
    whole = fit(FA(), blobs, Settings(lr=1e-2, **SMALL | {"epochs": 9}), epochs=3)
    fields = fit(FA(), blobs, lr=1e-2, **SMALL)
    assert bits(whole.networks) == bits(fields.networks)
    assert len(whole.metrics) == 3


def test_seeds_in_one_call_are_the_seeds_one_by_one(blobs):
    both = fit(FA(), blobs, seeds=2, **SMALL)
    alone = fit(FA(), blobs, seed=1, **SMALL)
    assert bits(both.networks[1]) == bits(alone.networks[0])


def test_epochs_do_not_compile_again(blobs):
    compiled: list[str] = []

    def hear(event: str, duration_secs: float, **_) -> None:
        compiled.extend([event] * ("backend_compile" in event))

    jax.monitoring.register_event_duration_secs_listener(hear)
    events: list[int] = []
    fit(DFA(), blobs, seeds=2, listeners=[lambda _: events.append(len(compiled))],
        **SMALL | {"hidden": (9,)})  # fmt: skip
    jax.monitoring.clear_event_listeners()
    first_epoch, last = events[2], events[-2]
    assert first_epoch > 0
    assert last == first_epoch


def _interrupt(*_):
    raise KeyboardInterrupt


def test_any_optax_transformation_will_do(blobs):
    ours = fit(BP(), blobs, transformation=optax.adam(1e-3), **SMALL)
    named = fit(BP(), blobs, **SMALL)
    assert bits(ours.networks) == bits(named.networks)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"optimizer": "adan2"}, "did you mean 'adan'"),
        ({"optimizer_args": {"b3": 1.0}}, "optimizer adam: there is no 'b3'"),
        ({"activation": "tahn"}, "did you mean 'tanh'"),
        ({"activation": "softmax"}, "for the output only"),
        ({"output": "tanh"}, "use softmax as the output activation"),
        ({"batch_size": 331}, "more than the 330 training examples"),
        ({"steps_per_epoch": 12}, "fewer than 12"),
        ({"epochs": 0}, "epochs: must be 1 or more"),
        ({"hidden": (8, 0)}, r"hidden\[1\]: must be 1 or more"),
        ({"hidden": 8}, "hidden: must be a whole number a layer"),
        ({"hidden": (8.5,)}, "hidden: must be a whole number a layer"),
        ({"weight_decay": float("nan")}, "weight_decay: must be 0 or more"),
        ({"learned_lr": -1.0}, "learned_lr: must be a positive finite number"),
        ({"alternate": "epochs"}, "did you mean 'epoch'"),
        ({"learned_optimizer": "adan2"}, "did you mean 'adan'"),
        ({"seed": -1}, "seed: must be between 0"),
        ({"seed": 10**20}, "seed: must be between 0"),
        ({"checkpoint_seconds": float("nan")}, "checkpoint_seconds: must be 0 or more"),
        ({"learning_rate": 0.1}, "settings: there is no 'learning_rate'"),
    ],
)
def test_settings_that_do_not_work_are_named(blobs, wrong, words):
    with pytest.raises(UsageError, match=words):
        fit(BP(), blobs, **SMALL | wrong)


def test_a_mapless_validation_split_is_allowed(blobs):
    empty = replace(blobs, validation=blobs.validation.take(np.arange(0)))
    result = fit(BP(), empty, **SMALL)
    assert np.isnan(result.metrics[0]["val_accuracy"])
    assert result.test_accuracy > 0.3


def test_each_split_is_seen_through_its_own_map(blobs):
    shifted = Split(blobs.test.x.astype(np.int16) + 60, blobs.test.y)
    moved = replace(blobs, test=shifted, validation=shifted)
    (one, two) = (
        fit(BP(), data, hidden=(8,), epochs=3, batch_size=30, preprocessing=Centre(255, True))
        for data in (replace(blobs, validation=blobs.test), moved)
    )
    for split in ("val_loss", "test_loss"):
        assert one.summary[split]["mean"] == pytest.approx(two.summary[split]["mean"], rel=1e-4)
