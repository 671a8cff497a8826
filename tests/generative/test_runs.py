"""Runs of a generative model: what they leave, and going on with them."""

import json
from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest

from apical import BP, IteratedTargetProp, UsageError, fit
from apical.generative import generative_model
from apical.generative.reload import reload
from apical.generative.stages import From
from apical.report.curves import draw
from apical.runs.folder import RunFolder
from apical.runs.reading import RunData
from apical.training.events import Epoch
from apical.training.reload import reload as reload_network
from apical.training.selection import Best
from tests.generative.tiny import SMALL
from tests.training.small import SMALL as BY_A_RULE, bits, timeless

STAGES = From(0, (0.1,), (1.0,), (0.2,), (0.1,)), From(1, (1.0,), (1.0,), (0.1,), (0.1,))
MODEL = IteratedTargetProp((8, 4), stages=STAGES)


def test_it_learns(blobs):
    model = IteratedTargetProp((8, 4), stages=STAGES[:1])
    result = model.fit(blobs, lr=0.2, **SMALL | {"epochs": 6})
    joints = [row["val_log_joint"] for row in [*result.initial, *result.metrics]]
    assert joints[-1] > joints[0]
    losses = [row["train_loss"] for row in result.metrics]
    assert losses[-1] < 0.9 * losses[0]
    errors = [row["val_reconstruction"] for row in [*result.initial, *result.metrics]]
    assert errors[-1] < 0.7 * errors[0]
    summary = result.summary
    assert (summary["model"], summary["status"]) == ("iterated-target-prop", "finished")
    best = 1 + int(np.argmax(joints[1:]))
    assert summary["best_validation"]["epoch"] == [best]


@pytest.mark.parametrize("stop", [1, 4])
def test_interrupted_and_resumed_is_uninterrupted(blobs, tmp_path, stop):
    whole = MODEL.fit(blobs, seeds=2, out=tmp_path / "whole", **SMALL)
    seen = []

    def interrupt(event):
        if isinstance(event, Epoch) and event.number > 0:
            seen.append(event)
            if len(seen) == stop:
                raise KeyboardInterrupt

    part = tmp_path / "part"
    stopped = MODEL.fit(blobs, seeds=2, out=part, listeners=[interrupt], **SMALL)
    assert stopped.summary["status"] == "interrupted"
    done = MODEL.fit(blobs, seeds=2, out=part, resume=True, **SMALL)
    assert done.summary["status"] == "finished"
    stacks = [[model.stack for model in run.models.values()] for run in (whole, done)]
    assert bits(stacks[0]) == bits(stacks[1])
    for name in ("metrics.jsonl", "initial.jsonl"):
        rows = [RunFolder(tmp_path / run).rows(name) for run in ("whole", "part")]
        assert timeless(rows[0]) == timeless(rows[1])


def test_seeds_side_by_side_learn_the_same(blobs):
    apart, together = (MODEL.fit(blobs, seeds=2, together=t, **SMALL) for t in (False, True))
    for seed, model in apart.models.items():
        close = partial(np.testing.assert_allclose, atol=1e-4)
        jax.tree.map(close, model.stack, together.models[seed].stack)


def test_the_folder_says_what_was_run_and_gives_it_back(blobs, tmp_path):
    result = MODEL.fit(blobs, seeds=2, out=tmp_path, **SMALL)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model"]["type"] == "IteratedTargetProp"
    assert "rule" not in config
    task, models = reload(tmp_path, blobs)
    assert task.model == MODEL
    assert bits(models[1].stack) == bits(result.models[1].stack)
    measured = task.trainer.measure(models[1].stack)
    assert measured["test_log_joint"] == result.summary["test_log_joint"]["list"][1]
    _, best = reload(tmp_path, blobs, Best())
    assert [m.epoch for m in best.values()] == result.summary["best_validation"]["epoch"]
    assert RunData.read(tmp_path).spelled.startswith("iterated-target-prop:8/4")


def test_a_run_keeps_the_prior_and_no_longer_than_it_holds(blobs, tmp_path, monkeypatch):
    fresh = MODEL.fit(blobs, out=tmp_path, **SMALL).models[0]
    folder = tmp_path / "checkpoints" / "seed-0"

    def priors(data=blobs):
        return reload(tmp_path, data)[1][0].prior

    assert bits(priors()) == bits(fresh.prior)
    (path,) = folder.glob("prior-*.npz")
    whole = path.read_bytes()
    with monkeypatch.context() as without:
        without.delattr(generative_model, "_top")  # nothing is inferred
        assert bits(priors()) == bits(fresh.prior)
        assert np.array_equal(reload(tmp_path, blobs)[1][0].sample(3), fresh.sample(3))
    for damage in (b"", whole[:-40], b"x" + whole[1:]):
        path.write_bytes(damage)
        assert bits(priors()) == bits(fresh.prior)
        assert path.read_bytes() == whole
    few = replace(blobs, train=replace(blobs.train, x=blobs.train.x[::-1] // 2))
    assert bits(priors(few)) != bits(fresh.prior)
    assert len(list(folder.glob("prior-*.npz"))) == 2
    again = MODEL.fit(blobs, out=tmp_path, resume=True, **SMALL)
    assert bits(again.models[0].stack) == bits(fresh.stack)
    for kept in folder.glob("prior-*.npz"):
        kept.unlink()
        kept.mkdir()  # which nobody can write to
    assert bits(priors()) == bits(fresh.prior)


def test_what_is_newer_than_a_run_has_its_default(blobs, tmp_path):
    first = MODEL.fit(blobs, out=tmp_path, **SMALL)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    del config["model"]["samples"], config["settings"]["partial_batch"], config["together"]
    path.write_text(json.dumps(config))
    again = MODEL.fit(blobs, out=tmp_path, resume=True, **SMALL)
    assert bits(again.models[0].stack) == bits(first.models[0].stack)
    other = IteratedTargetProp((8, 4), stages=MODEL.stages, samples=5)
    with pytest.raises(
        UsageError, match=r"another configuration: model \(there .* now .*samples=5"
    ):
        other.fit(blobs, out=tmp_path, resume=True, **SMALL)
    with pytest.raises(UsageError, match=r"holds a run of 3 epochs, and the learning rate follows"):
        MODEL.fit(blobs, out=tmp_path, resume=True, **SMALL | {"epochs": 4})


def test_a_run_of_the_other_kind_is_refused_and_the_command_for_it_named(blobs, tmp_path):
    made, trained = tmp_path / "made", tmp_path / "trained"
    MODEL.fit(blobs, out=made, **SMALL)
    fit(BP(), blobs, out=trained, **BY_A_RULE)
    with pytest.raises(UsageError, match=f"use `apical generate evaluate {made}`"):
        reload_network(made, blobs)
    with pytest.raises(UsageError, match=f"use `apical evaluate {trained}`"):
        reload(trained, blobs)
    with pytest.raises(UsageError, match="no scale in common; draw them apart"):
        draw([RunData.read(made), RunData.read(trained)], tmp_path / "curves.png")
    with pytest.raises(UsageError, match="already holds a run"):
        MODEL.fit(blobs, out=trained, **SMALL)
    with pytest.raises(UsageError, match=r"another configuration: .*model"):
        MODEL.fit(blobs, out=trained, resume=True, **SMALL)
    MODEL.fit(blobs, out=trained, overwrite=True, **SMALL)
    assert "model" in RunFolder(trained).config()


@pytest.mark.parametrize("change", [{"model": 3}, {"settings": 3}, {"settings": {"hiden": 3}}])
def test_a_damaged_configuration_is_named(blobs, tmp_path, change):
    MODEL.fit(blobs, out=tmp_path, **SMALL)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UsageError, match=r"config\.json: expected the configuration of a run"):
        reload(tmp_path, blobs)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "FA"}, "model: expected a generative one, found fa; restore the file"),
        ({"type": []}, r"model: config: a type is a text, found \[\]"),
        ({"trace_alphas": 3}, "model: trace_alphas of iterated-target-prop: must be a list, got 3"),
        ({"wdith": 3}, "model: .*unexpected keyword argument 'wdith'; restore the file"),
    ],
)
def test_a_damaged_model_is_named_by_all_that_read_it(blobs, tmp_path, change, words):
    MODEL.fit(blobs, out=tmp_path, **SMALL)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    config["model"] = change if change == {"type": "FA"} else config["model"] | change
    path.write_text(json.dumps(config))
    with pytest.raises(UsageError, match=rf"config\.json: {words}"):
        reload(tmp_path, blobs)
    with pytest.raises(UsageError, match=rf"config\.json: {words}"):
        draw([RunData.read(tmp_path)], tmp_path / "curves.png")


def test_a_run_without_rows_is_drawn_beside_another_and_a_null_for_a_list_is_named(blobs, tmp_path):
    for name in ("whole", "begun"):
        MODEL.fit(blobs, out=tmp_path / name, **SMALL)
    path = tmp_path / "begun" / "metrics.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.unlink()
    runs = [RunData.read(tmp_path / name) for name in ("whole", "begun")]
    assert draw(runs, tmp_path / "curves.png").exists()
    rows[0]["inference"]["log_joint"][0] = None
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UsageError, match=r"metrics\.jsonl, line 1: expected lists where the last"):
        RunData.read(tmp_path / "begun")


def test_its_curves_are_drawn(blobs, tmp_path):
    MODEL.fit(blobs, seeds=2, out=tmp_path / "run", **SMALL)
    runs = [RunData.read(tmp_path / "run")] * 2
    svg = draw(runs, tmp_path / "curves.svg").read_text()
    for words in (
        "validation log p(x, h)",
        "steps of inference",
        "sum of the local losses",
        " 0.1",
    ):
        assert words in svg


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"settings": 3}, r"settings: must be an apical\.settings\.Unsupervised, got 3"),
        ({"hidden": (3,)}, "settings: there is no 'hidden'"),
        ({"lr": -1.0}, "lr: must be a positive"),
        ({"seeds": 0}, "seeds: must be 1 or more"),
        ({"resume": True}, "resume, overwrite: need a folder"),
        ({"epochs": 10**9}, r"epochs: 1000000000 make 3000000000 steps, more than the 2\^31"),
        ({"batch_size": 1000}, "batch_size: 1000 is more than the 330 training examples"),
        ({"preprocessing": "standardise"}, "visible: a decoder of sigmoid gives numbers from 0"),
    ],
)
def test_mistakes_are_told_before_anything_trains(blobs, given, words):
    with pytest.raises(UsageError, match=words):
        MODEL.fit(blobs, **given)


def test_a_model_that_does_not_fit_into_memory_is_refused(blobs, tmp_path):
    for giant in (IteratedTargetProp((10**7, 10**5)), IteratedTargetProp((8, 4), samples=10**9)):
        with pytest.raises(UsageError, match=r"hidden: training needs .* give the latent layers"):
            giant.fit(blobs, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
