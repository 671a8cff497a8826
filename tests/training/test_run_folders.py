"""What a run leaves in its folder, and going on with it."""

import json
from typing import Any

import jax
import numpy as np
import optax
import pytest

from apical import BP, DFA, FA, UsageError, fit, load
from apical.networks.layers import Fc
from apical.runs.folder import RunFolder
from apical.runs.lock import locked
from apical.runs.reading import unfinished
from apical.training.events import Epoch
from apical.training.reload import reload
from tests.training.small import SMALL, bits, timeless


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


@pytest.mark.parametrize("stop", [None, 1, 3])
def test_a_finished_run_goes_on_for_more_epochs(blobs, tmp_path, stop):
    """Two seeds of two epochs become two of five, also if that is interrupted on the way."""
    longer: dict[str, Any] = {**SMALL, "seeds": 2, "epochs": 5}
    whole = fit(FA(), blobs, out=tmp_path / "whole", **longer)
    part = {"out": tmp_path / "part", **longer}
    fit(FA(), blobs, **part | {"epochs": 2})
    seen = []

    def interrupt(event):
        if isinstance(event, Epoch):
            seen.append((event.seed, event.number))
            if len(seen) == stop:
                raise KeyboardInterrupt

    done = fit(FA(), blobs, resume=True, listeners=[interrupt], **part)
    if stop is not None:
        assert not RunFolder(tmp_path / "part").finished
        done = fit(FA(), blobs, resume=True, **part)
    else:
        assert seen == [(0, 3), (0, 4), (0, 5), (1, 3), (1, 4), (1, 5)]
    assert bits(done.networks) == bits(whole.networks)
    assert timeless(done.metrics) == timeless(whole.metrics)
    for name in ("metrics.jsonl", "initial.jsonl"):
        rows = [RunFolder(tmp_path / run).rows(name) for run in ("whole", "part")]
        assert timeless(rows[0]) == timeless(rows[1])
    summaries = [RunFolder(tmp_path / run).read("summary.json") for run in ("whole", "part")]
    assert timeless(summaries)[0] == timeless(summaries)[1]
    assert RunFolder(tmp_path / "part").config()["settings"]["epochs"] == 5


def test_a_run_whose_rate_follows_a_schedule_does_not_go_on(blobs, tmp_path):
    settings: dict[str, Any] = {**SMALL, "schedule": "cosine", "out": tmp_path}
    fit(BP(), blobs, **settings)
    before = (tmp_path / "config.json").read_text()
    with pytest.raises(UsageError, match=r"holds a run of 3 epochs, .* schedule \(cosine\)"):
        fit(BP(), blobs, resume=True, **settings | {"epochs": 4})
    assert (tmp_path / "config.json").read_text() == before
    assert RunFolder(tmp_path).finished


def test_a_run_is_not_made_shorter(blobs, tmp_path):
    fit(BP(), blobs, out=tmp_path, **SMALL)
    with pytest.raises(UsageError, match=r"epochs \(there 3, now 2\)"):
        fit(BP(), blobs, out=tmp_path, resume=True, **SMALL | {"epochs": 2})


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


def test_a_summary_without_a_status_is_of_a_run_that_has_not_ended(blobs, tmp_path):
    fit(FA(), blobs, out=tmp_path, **SMALL)
    (tmp_path / "summary.json").write_text("{}")
    assert not RunFolder(tmp_path).finished
    assert "unknown" in (unfinished(RunFolder(tmp_path)) or "")


@pytest.mark.parametrize(
    ("key", "value"), [("seconds", None), ("train_loss", "x"), ("alignment", {"cosine": "x"})]
)
def test_metrics_that_are_no_numbers_are_named(blobs, tmp_path, key, value):
    fit(FA(), blobs, out=tmp_path, **SMALL)
    path = tmp_path / "metrics.jsonl"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | {key: value}), *rest]) + "\n")
    with pytest.raises(UsageError, match=r"metrics\.jsonl, line 1: expected a JSON object of num"):
        fit(FA(), blobs, out=tmp_path, resume=True, **SMALL)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seeds", None),
        ("seed", "x"),
        ("settings", True),
        ("settings", {"type": "FA"}),
        ("data", {"name": "x", "classes": [[]]}),
    ],
)
def test_a_configuration_of_other_types_is_named(blobs, tmp_path, key, value):
    fit(FA(), blobs, out=tmp_path, **SMALL)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(UsageError, match=rf"config\.json: .*{key}[a-z.]* is missing or unknown"):
        reload(tmp_path, blobs)


def test_classes_that_the_data_has_not_are_named(tmp_path):
    fit(FA(), load("digits"), out=tmp_path, **SMALL)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"9"', '"nine"'))
    with pytest.raises(UsageError, match="the class 'nine', and digits has 0, 1,"):
        reload(tmp_path)


def test_a_killed_overwrite_leaves_nothing_that_a_new_run_would_take(blobs, tmp_path):
    """Checkpoints without a configuration are leftovers, not a run to go on with."""
    fit(FA(), blobs, out=tmp_path, lr=0.1, **SMALL)
    (tmp_path / "config.json").unlink()
    again = fit(FA(), blobs, out=tmp_path, lr=1e-5, **SMALL)
    assert len(again.metrics) == SMALL["epochs"]
    assert bits(again.networks) == bits(fit(FA(), blobs, lr=1e-5, **SMALL).networks)


def _interrupt(*_):
    raise KeyboardInterrupt


INTERRUPTING = optax.GradientTransformation(lambda _: None, _interrupt)


def test_nothing_is_claimed_of_a_network_that_was_not_trained(blobs, tmp_path):
    settings = SMALL | {"epochs": 1}
    result = fit(FA(), blobs, out=tmp_path, transformation=INTERRUPTING, **settings)
    assert result.summary["status"] == "interrupted"
    assert result.summary["n_seeds"] == 0
    assert "test_accuracy" not in result.summary


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


def test_metrics_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(UsageError, match=r"metrics\.jsonl: cannot be read \(Is a directory\)"):
        RunFolder(tmp_path).rows("metrics.jsonl")


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
    task, models = reload(tmp_path, blobs)
    assert bits(models[1].network) == bits(result.networks[1])
    assert bits(models[1].state) == bits(result.states[1])
    again = task.trainer.measure(models[1].network)
    assert again["test_accuracy"] == result.summary["test_accuracy"]["list"][1]
    raw = blobs.test.x[:7]
    expected = result.networks[1](task.transforms.test(raw))
    np.testing.assert_array_equal(models[1](raw), expected)


def test_a_folder_in_use_is_refused_resumed_or_replaced(blobs, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match=r"holds no run but other files \(mine\.txt"):
        fit(BP(), blobs, out=tmp_path, overwrite=True, **SMALL)
    with pytest.raises(UsageError, match=r"out: must be a folder, and .* is a file"):
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
    small = {**SMALL, "hidden": (Fc(8),)}
    first = fit(DFA(), blobs, out=tmp_path, **small)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["rule"]["broadcast"], config["settings"]["alternate"]
    del config["settings"]["hidden"][0]["sends"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    again = fit(DFA(), blobs, out=tmp_path, resume=True, **small)
    assert bits(again.networks) == bits(first.networks)
    with pytest.raises(UsageError, match=r"settings\.alternate \(there none, now batch\)"):
        fit(DFA(), blobs, out=tmp_path, resume=True, alternate="batch", **small)


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
