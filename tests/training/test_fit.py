from dataclasses import replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from apical import BP, DFA, FA, FRSF, IteratedTargetProp, Settings, UsageError, fit, search
from apical.audit import audit
from apical.data import Centre, Split
from apical.networks.activations import identity, relu, tanh
from apical.networks.layers import Fc
from apical.networks.losses import SquaredError
from apical.networks.transmission import Sign
from apical.rules import Rule
from apical.runs.folder import RunFolder
from apical.settings.partial_batches import Wrap
from apical.settings.schedules import Constant, Cosine
from apical.settings.turns import ByEpoch
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


@pytest.fixture
def compiled():
    """A list that grows by one for each program that is compiled meanwhile."""
    programs: list[str] = []

    def hear(event: str, duration_secs: float, **_) -> None:
        programs.extend([event] * ("backend_compile" in event))

    jax.monitoring.register_event_duration_secs_listener(hear)
    yield programs
    jax.monitoring.unregister_event_duration_listener(hear)


def test_epochs_do_not_compile_again(blobs, compiled):
    events: list[int] = []
    fit(DFA(), blobs, seeds=2, listeners=[lambda _: events.append(len(compiled))],
        **SMALL | {"hidden": (9,)})  # fmt: skip
    first_epoch, last = events[2], events[-4]
    assert first_epoch > 0
    assert last == first_epoch


def test_settings_that_are_equal_share_what_is_compiled(blobs, compiled):
    values = {"hidden": (Fc(11, Sign()), Fc(3)), "activation": tanh, "schedule": Constant()}
    texts = {"hidden": ["fc:11,sign", 3], "activation": "tanh", "schedule": "constant"}
    fit(FA(FRSF()), blobs, **SMALL | values)
    before = len(compiled)
    fit("fa:frsf", blobs, **SMALL | texts)
    assert len(compiled) == before > 0


def _interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "train",
    [partial(fit, "fa", hidden=(4,)), IteratedTargetProp((3,), visible=identity).fit],
    ids=["by a rule", "without labels"],
)
def test_the_usual_batch_of_a_small_training_set_is_all_of_it(train, tmp_path):
    told = "batch_size: the usual 100 is more than the 90 training examples of iris; minibatches"
    for resume in (False, True):
        with pytest.warns(UserWarning, match=told):
            train("iris", epochs=1, out=tmp_path, resume=resume)
    assert RunFolder(tmp_path).config()["settings"]["batch_size"] == 90
    with pytest.raises(UsageError, match="batch_size: 91 is more than the 90 training examples"):
        train("iris", batch_size=91)


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
        ({"output": "tanh"}, "read off a tanh output; use output softmax"),
        ({"batch_size": 331}, "more than the 330 training examples"),
        ({"steps_per_epoch": 12}, "fewer than 12"),
        ({"epochs": 0}, "epochs: must be 1 or more"),
        ({"hidden": (8, 0)}, r"hidden\[1\]: units: must be 1 or more"),
        ({"hidden": 8}, "hidden: must be a list, got 8"),
        ({"hidden": (8.5,)}, r"hidden\[0\]: must be a layer .* or a whole number, got 8.5"),
        ({"partial_batch": "foo"}, "partial_batch: there is no 'foo'; known: drop, wrap"),
        ({"schedule": "cosin"}, "schedule: there is no 'cosin'; did you mean 'cosine'"),
        ({"loss": "squared-eror"}, "did you mean 'squared-error'"),
        ({"loss": 3}, "loss: must be a loss .*, got 3"),
        ({"loss": BP}, "loss: must be a loss .*, got <class"),
        ({"bias": "no"}, "bias: must be True or False, got 'no'"),
        ({"epochs": "ten"}, "epochs: must be a whole number, got 'ten'"),
        ({"epochs": True}, "epochs: must be a whole number, got True"),
        ({"lr": "fast"}, "lr: must be a number, got 'fast'"),
        ({"optimizer": optax.adam}, "optimizer: must be a text, got <function adam"),
        ({"optimizer_args": {"b1": "x"}}, r"optimizer_args\['b1'\]: must be a number, got 'x'"),
        ({"optimizer_args": 0.9}, "optimizer_args: must be numbers by their names"),
        ({"settings": {"lr": 0.1}}, "settings: must be an apical.Settings, got {'lr': 0.1}"),
        ({"weight_decay": float("nan")}, "weight_decay: must be 0 or more"),
        ({"clip_norm": 1e40}, "clip_norm: must be a positive finite number, got 1e"),
        ({"weight_decay": 1e40}, "weight_decay: must be 0 or more and finite, got 1e"),
        ({"optimizer_args": {"eps": -1e40}}, "eps must be a finite number, got -1e"),
        ({"learned_lr": -1.0}, "learned_lr: must be a positive finite number"),
        ({"alternate": "epochs"}, "did you mean 'epoch'"),
        ({"learned_optimizer": "adan2"}, "did you mean 'adan'"),
        ({"seed": -1}, "seed: must be between 0"),
        ({"seed": 10**20}, "seed: must be between 0"),
        ({"checkpoint_seconds": float("nan")}, "checkpoint_seconds: must be 0 or more"),
        ({"learning_rate": 0.1}, "settings: there is no 'learning_rate'; .*`apical train RULE"),
    ],
)
def test_settings_that_do_not_work_are_named(blobs, wrong, words):
    with pytest.raises(UsageError, match=words):
        fit(BP(), blobs, **SMALL | wrong)


@pytest.mark.parametrize(
    ("rule", "data", "words"),
    [
        ("fe", "iris", "rule: there is no 'fe'; known: ao-sdtp, "),
        ("fa:frfs", "iris", "did you mean 'frsf'"),
        (3, "iris", "rule: must be a rule .*, got 3"),
        (Settings, "iris", "rule: must be a rule .*, got <class"),
        (Rule, "iris", "rule: must be a rule"),
        (BP(), "mnits", "did you mean 'mnist'"),
        (BP(), (np.zeros((3, 2)), np.zeros(3)), "data: must be a data set .*from_arrays"),
    ],
)
@pytest.mark.parametrize("entry", [fit, search])
def test_what_is_no_rule_or_no_data_set_is_told_in_a_line(entry, rule, data, words):
    with pytest.raises(UsageError, match=words) as told:
        entry(rule, data)
    assert len(str(told.value).splitlines()) == 1


def test_texts_and_lists_are_read_as_the_values_they_spell(blobs):
    given: dict[str, Any] = {
        "hidden": [8, "fc:4,sign"], "activation": "relu", "loss": SquaredError,
        "schedule": "cosine", "alternate": "epoch", "partial_batch": "wrap",
        "lr": np.float32(0.5), "epochs": np.int64(3),
    }  # fmt: skip
    spelled, values = Settings(**given), Settings(
        hidden=(Fc(8), Fc(4, Sign())), activation=relu, loss=SquaredError(), schedule=Cosine(),
        alternate=ByEpoch(), partial_batch=Wrap(), lr=0.5, epochs=3,
    )  # fmt: skip
    assert spelled == values
    assert hash(spelled) == hash(values)
    ours = [fit(rule, blobs, **SMALL) for rule in (FA(FRSF()), "fa:frsf")]
    assert bits(ours[0].networks) == bits(ours[1].networks)
    assert bits(fit(BP, blobs, **SMALL).networks) == bits(fit(BP(), blobs, **SMALL).networks)


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


class Stretched(BP):
    """Its updates are of one column, which NumPy would stretch to the weights."""

    name = "stretched"

    def credit(self, net, state, batch, key):
        found = super().credit(net, state, batch, key)
        column = [layer.weight[:, :1] for layer in found.network.layers]
        network = eqx.tree_at(lambda n: [l.weight for l in n.layers], found.network, column)
        return replace(found, network=network)


@pytest.mark.parametrize(
    "use", [lambda rule, data: fit(rule, data, **SMALL), lambda rule, _: audit(rule)]
)
def test_updates_that_are_not_shaped_like_the_network_are_refused(blobs, use):
    with pytest.raises(
        UsageError, match=r"stretched: credit answers shapes \[\(\d, 1\), \(\d,\)\] for"
    ):
        use(Stretched(), blobs)
