import json
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from apical import BP, DFA, FA, Credit, DataError, DivergenceError, State, UsageError, fit
from apical.data import Centre, Split
from apical.lock import locked
from apical.stack import Fc
from apical.training.events import Epoch
from apical.training.folder import RunFolder
from apical.training.reload import predict, reload

SMALL: dict[str, Any] = {"hidden": (8,), "batch_size": 30, "epochs": 3}


def timeless(rows):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in rows]


def bits(tree):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


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


@pytest.mark.parametrize("stop", [1, 2, 4, 5, 6])
def test_interrupted_and_resumed_is_uninterrupted(blobs, tmp_path, stop):
    whole = fit(FA(), blobs, seeds=2, out=tmp_path / "whole", **SMALL)
    seen = []

    def interrupt(event):
        if isinstance(event, Epoch) and event.number > 0:
            seen.append(event)
            if len(seen) == stop:
                raise KeyboardInterrupt

    part = fit(FA(), blobs, seeds=2, out=tmp_path / "part", listeners=[interrupt], **SMALL)
    assert part.summary["status"] == "interrupted"
    assert len(part.metrics) == stop
    seed, epoch = divmod(stop - 1, 3)
    assert RunFolder(tmp_path / "part").checkpoints(seed).latest() == epoch + 1
    done = fit(FA(), blobs, seeds=2, out=tmp_path / "part", resume=True, **SMALL)
    assert done.summary["status"] == "finished"
    assert bits(done.networks) == bits(whole.networks)
    for name in ("metrics.jsonl", "initial.jsonl"):
        rows = [RunFolder(tmp_path / run).rows(name) for run in ("whole", "part")]
        assert timeless(rows[0]) == timeless(rows[1])


@pytest.mark.parametrize(
    ("text", "words"),
    [("[1]", "expected a JSON object, found"), ("{}", "expected the configuration of a run"),
     ('{"rule": {"type": "Nope"}}', "there is no 'Nope' here"), ("{", "expected JSON")],
)  # fmt: skip
def test_a_damaged_configuration_is_named(blobs, tmp_path, text, words):
    fit(FA(), blobs, out=tmp_path, **SMALL)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UsageError, match=words):
        reload(tmp_path, blobs)


def test_a_damaged_checkpoint_is_named(blobs, tmp_path):
    fit(FA(), blobs, out=tmp_path, **SMALL)
    for path in (tmp_path / "checkpoints" / "seed-0" / "3").rglob("*"):
        if path.is_file():
            path.write_text("junk")
    with pytest.raises(DataError, match="seed-0/3: expected a checkpoint of this run"):
        reload(tmp_path, blobs)


def test_a_killed_overwrite_leaves_nothing_that_a_new_run_would_take(blobs, tmp_path):
    """Checkpoints without a configuration are leftovers, not a run to go on with."""
    fit(FA(), blobs, out=tmp_path, lr=0.1, **SMALL)
    (tmp_path / "config.json").unlink()
    again = fit(FA(), blobs, out=tmp_path, lr=1e-5, **SMALL)
    assert len(again.metrics) == SMALL["epochs"]
    assert bits(again.networks) == bits(fit(FA(), blobs, lr=1e-5, **SMALL).networks)


def test_nothing_is_claimed_of_a_network_that_was_not_trained(blobs, tmp_path):
    settings = SMALL | {"epochs": 1}
    result = fit(FA(), blobs, out=tmp_path, transformation=Interrupting, **settings)
    assert result.summary["status"] == "interrupted"
    assert result.summary["n_seeds"] == 0
    assert "test_accuracy" not in result.summary


def _interrupt(*_):
    raise KeyboardInterrupt


Interrupting = optax.GradientTransformation(lambda _: None, _interrupt)


def test_damaged_metrics_are_refused_not_shortened(blobs, tmp_path):
    fit(FA(), blobs, out=tmp_path, **SMALL)
    path = tmp_path / "metrics.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[1][:40] + "\n" + lines[2])
    with pytest.raises(UsageError, match=r"metrics\.jsonl, line 2: expected a JSON object"):
        fit(FA(), blobs, out=tmp_path, resume=True, **SMALL)
    assert path.read_text().startswith(lines[0] + lines[1][:40])
    path.write_text(lines[0] + lines[2])
    with pytest.raises(UsageError, match=r"expected the 3 epochs.*found 2"):
        fit(FA(), blobs, out=tmp_path, resume=True, **SMALL)


def test_the_folder_says_what_was_run(blobs, tmp_path):
    fit(FA(), blobs, out=tmp_path, lr=3e-3, **SMALL)
    names = {path.name for path in tmp_path.iterdir()} - {".lock"}
    assert names == {
        "config.json", "env.json", "initial.jsonl", "metrics.jsonl", "summary.json", "checkpoints",
    }  # fmt: skip
    config, env = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("config", "env"))
    assert config["settings"]["lr"] == 3e-3
    assert config["rule"]["type"] == "FA"
    assert env["versions"]["jax"] == jax.__version__
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[0]["alignment"]["feedback_angle"][-1] is None


def test_reloading_gives_the_trained_network(blobs, tmp_path):
    result = fit(FA(), blobs, seeds=2, out=tmp_path, **SMALL)
    task, networks = reload(tmp_path, blobs)
    assert bits(networks[1]) == bits(result.networks[1])
    again = task.measures.final(networks[1])
    assert again["test_accuracy"] == result.summary["test_accuracy"]["list"][1]
    outputs = predict(task, networks[1], blobs.test.x[:7])
    np.testing.assert_allclose(np.sum(outputs, axis=-1), 1, rtol=1e-5)


def test_a_folder_in_use_is_refused_resumed_or_replaced(blobs, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match=r"holds no run but other files \(mine\.txt"):
        fit(BP(), blobs, out=tmp_path, overwrite=True, **SMALL)
    with pytest.raises(UsageError, match="is a file; name a folder"):
        fit(BP(), blobs, out=tmp_path / "mine.txt", **SMALL)
    (tmp_path / "mine.txt").unlink()
    fit(BP(), blobs, out=tmp_path, **SMALL)
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="already holds a run"):
        fit(BP(), blobs, out=tmp_path, **SMALL)
    with pytest.raises(UsageError, match=r"settings\.lr \(there 0\.001, now 0\.1\)"):
        fit(BP(), blobs, out=tmp_path, resume=True, lr=0.1, **SMALL)
    fit(FA(), blobs, out=tmp_path, overwrite=True, **SMALL)
    assert RunFolder(tmp_path).read("config.json")["rule"]["type"] == "FA"
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_run_from_before_an_option_existed_goes_on_with_its_default(blobs, tmp_path):
    small = {**SMALL, "net": (Fc(8),)}
    first = fit(DFA(), blobs, out=tmp_path, **small)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["rule"]["broadcast"], config["settings"]["alternate"]
    del config["settings"]["net"][0]["sends"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    again = fit(DFA(), blobs, out=tmp_path, resume=True, **small)
    assert bits(again.networks) == bits(first.networks)
    with pytest.raises(UsageError, match=r"settings\.alternate \(there None, now 'batch'\)"):
        fit(DFA(), blobs, out=tmp_path, resume=True, alternate="batch", **small)


def test_divergence_names_epoch_step_and_layer_and_keeps_the_last_good(blobs, tmp_path):
    settings = SMALL | {
        "activation": "relu", "optimizer": "sgd", "loss": squared(), "epochs": 9, "lr": 3.0,
        "init": uniform(1.5),
    }  # fmt: skip
    with pytest.raises(
        DivergenceError, match=r"seed 0, epoch \d+, step \d+: layer \d's .* reached"
    ):
        fit(BP(), blobs, out=tmp_path, **settings)
    assert RunFolder(tmp_path).read("summary.json")["status"] == "diverged"


class Poisoned(BP):
    """Its updates, or its state alone, are no numbers any more after so many steps."""

    name = "poisoned"
    after: int = 10
    state_only: bool = False

    def init(self, net, batch, key):
        return State(kept=(jnp.zeros((), int), jnp.zeros(())))

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        step, memory = state.kept
        poison = jnp.where(step < self.after, 0.0, jnp.nan)
        dose = 0.0 if self.state_only else poison
        network = jax.tree.map(lambda g: g + dose, found.network)
        return Credit(network, found.signals, kept=(step + 1, memory + poison))


@pytest.mark.parametrize(("state_only", "words"), [(False, "weights"), (True, "rule's state")])
def test_values_that_no_loss_has_shown_yet_are_divergence_too(blobs, state_only, words):
    with pytest.raises(DivergenceError, match=f"epoch 1, step 11: .*{words}.* reached nan"):
        fit(Poisoned(state_only=state_only), blobs, **SMALL)


def test_the_last_good_checkpoint_is_kept(blobs, tmp_path):
    """Eleven steps an epoch: the third one goes wrong."""
    with pytest.raises(DivergenceError, match="epoch 3, step"):
        fit(Poisoned(after=25), blobs, out=tmp_path, **SMALL)
    assert RunFolder(tmp_path).checkpoints(0).latest() == 2
    good = fit(Poisoned(after=1000), blobs, **SMALL | {"epochs": 2})
    _, networks = reload(tmp_path, blobs)
    assert bits(networks[0]) == bits(good.networks[0])


def squared():
    from apical.losses import SquaredError

    return SquaredError()


def uniform(limit):
    from apical.initialisers import Uniform

    return Uniform(limit)


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
        ({"epochs": 0}, "epochs: must be positive"),
        ({"hidden": (8, 0)}, r"hidden\[1\]: must be positive"),
        ({"hidden": 8}, "hidden: must be a whole number a layer"),
        ({"hidden": (8.5,)}, "hidden: must be a whole number a layer"),
        ({"weight_decay": float("nan")}, "weight_decay: must be 0 or more"),
        ({"learned_lr": -1.0}, "learned_lr: must be positive"),
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


def test_a_folder_that_another_process_writes_is_left_alone(blobs, tmp_path):
    settings: dict[str, Any] = {"hidden": (4,), "epochs": 1, "out": tmp_path}
    fit(BP(), blobs, **settings)
    before = (tmp_path / "metrics.jsonl").read_bytes()
    for resume in (True, False):
        with (
            locked(tmp_path, "apical train"),
            pytest.raises(UsageError, match="another `apical train` is at work in it"),
        ):
            fit(BP(), blobs, resume=resume, overwrite=not resume, **settings)
    assert (tmp_path / "metrics.jsonl").read_bytes() == before
    fit(BP(), blobs, resume=True, **settings)
