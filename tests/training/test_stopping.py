"""Seeds that are stopped before the last epoch, by their validation scores."""

from typing import Any

import numpy as np
import pytest

import apical
from apical import BP, FA, UsageError, fit, search
from apical.data import from_arrays
from apical.runs.folder import RunFolder
from apical.settings.stopping import Accuracy, Early, over
from apical.training.events import Epoch
from tests.commands import apical as command
from tests.training.small import SMALL, bits, timeless

LONG: dict[str, Any] = {**SMALL, "epochs": 12, "lr": 0.02, "checkpoint_seconds": 0}
EARLY: dict[str, Any] = {**LONG, "stop": ["early:2"]}
REACHED: dict[str, Any] = {**LONG, "lr": 1e-3, "epochs": 30, "stop": ["accuracy:0.6"]}


@pytest.mark.parametrize(
    ("stop", "scores", "told"),
    [
        (Early(2), [0.1, 0.2, 0.2], None),
        (Early(2), [0.1, 0.2, 0.2, 0.2], "no better for 2 epochs than after epoch 2"),
        (Early(2), [0.1, 0.2, 0.1, 0.3, 0.2], None),
        (Early(1), [0.3], None),
        (Early(1), [0.3, 0.2], "no better for 1 epoch than after epoch 1"),
        (Early(2, gain=0.1), [0.1, 0.15, 0.3, 0.35], None),
        (Early(2, gain=0.1), [0.1, 0.15, 0.18], "no better for 2 epochs than after epoch 1"),
        (Early(2), [None, 0.2, None, None], "no better for 2 epochs than after epoch 2"),
        (Early(3), [], None),
        (Accuracy(0.97), [0.9, 0.969], None),
        (Accuracy(0.97), [0.9, 0.97, 0.95], "accuracy 0.9700 on validation"),
    ],
)
def test_when_a_seed_has_trained_enough(stop, scores, told):
    assert over([stop], scores) == told
    assert over([], scores) is None


def test_what_cannot_be_asked_for():
    for spelled, says in (
        ("early:0", "patience: must be 1 or more, got 0"),
        ("early:gain=-1", "gain of early: must be 0 or more and finite, got -1"),
        ("accuracy", "least is missing"),
        ("accuracy:97", "must be a share above 0 and up to 1, got 97"),
        ("late", "there is no 'late'"),
    ):
        with pytest.raises(UsageError, match=says):
            fit(FA(), "digits", stop=[spelled])


def test_a_run_that_is_stopped_has_ended_and_says_why(blobs, tmp_path):
    heard: list[Any] = []
    result = fit(FA(), blobs, out=tmp_path, listeners=[heard.append], **EARLY)
    scores = [row["val_accuracy"] for row in result.metrics]
    (ended,) = result.summary["epochs"]
    assert 3 <= ended < 12
    assert ended == len(scores) == int(np.argmax(scores)) + 1 + 2
    assert result.summary["status"] == "finished"
    why = f"no better for 2 epochs than after epoch {ended - 2}"
    assert result.summary["stopped"] == [why]
    assert [e.stopped for e in heard if isinstance(e, Epoch)] == [None] * ended + [why]
    # What it is then is what as many epochs give.
    whole = fit(FA(), blobs, **LONG | {"epochs": ended})
    assert bits(result.networks) == bits(whole.networks)
    assert "stopped" not in whole.summary


def test_it_is_not_gone_on_with(blobs, tmp_path):
    result = fit(FA(), blobs, out=tmp_path, **EARLY)
    heard: list[Any] = []
    for epochs in (12, 20):
        again = fit(FA(), blobs, out=tmp_path, resume=True, listeners=[heard.append],
                    **EARLY | {"epochs": epochs})  # fmt: skip
        assert bits(again.networks) == bits(result.networks)
        assert again.summary["stopped"] == result.summary["stopped"]
        assert RunFolder(tmp_path).finished
    assert not [e for e in heard if isinstance(e, Epoch)]
    with pytest.raises(UsageError, match=r"settings.stop \(there early:2, now none\)"):
        fit(FA(), blobs, out=tmp_path, resume=True, **EARLY | {"stop": ()})


@pytest.mark.parametrize("together", [False, True])
def test_a_kill_changes_neither_the_epoch_nor_a_bit(blobs, tmp_path, together):
    """Also after one seed has stopped and while another goes on."""

    class Killed(BaseException):
        pass

    asked = REACHED | {"seeds": 3, "together": together}
    whole = fit(FA(), blobs, **asked)
    ends = whole.summary["epochs"]
    assert len({*ends}) > 1
    assert max(ends) < 30
    for seed, at in ((0, ends[0] - 1), (int(np.argmax(ends)), max(ends) - 1)):
        out = tmp_path / f"{seed}-{at}"

        def kill(event, seed=seed, at=at):
            if isinstance(event, Epoch) and (event.seed, event.number) == (seed, at):
                raise Killed

        with pytest.raises(Killed):
            fit(FA(), blobs, out=out, listeners=[kill], **asked)
        resumed = fit(FA(), blobs, out=out, resume=True, **asked)
        assert bits(resumed.networks) == bits(whole.networks)
        assert resumed.summary["epochs"] == ends
        assert resumed.summary["stopped"] == whole.summary["stopped"]
        assert timeless(resumed.metrics) == timeless(whole.metrics)


def test_seeds_side_by_side_stop_alone_and_leave_the_others_as_they_are(blobs):
    asked = REACHED | {"seeds": 3, "together": True}
    stopped, free = fit(FA(), blobs, **asked), fit(FA(), blobs, **asked | {"stop": ()})
    ends = dict(enumerate(stopped.summary["epochs"]))
    there = [row for row in free.metrics if row["epoch"] <= ends[row["seed"]]]
    assert timeless(stopped.metrics) == timeless(there)
    apart = fit(FA(), blobs, **REACHED | {"seeds": 3})
    assert apart.summary["epochs"] == stopped.summary["epochs"]
    before = [r["val_accuracy"] < 0.6 for r in stopped.metrics if r["epoch"] < ends[r["seed"]]]
    assert all(before)


def test_it_is_refused_where_nothing_can_be_judged():
    x = np.zeros((60, 4), np.uint8)
    data = from_arrays(x, np.arange(60) % 3, name="bare", validation=0)
    with pytest.raises(UsageError, match="stop early: bare has no validation examples to judge by"):
        fit(FA(), data, stop=["early"], **SMALL)
    given = {**SMALL, "target": "input", "loss": "squared-error"}
    with pytest.raises(UsageError, match="has val_explained_variance and no accuracy; use early"):
        fit(FA(), "digits", stop=["accuracy:0.5"], **given)
    model = apical.IteratedTargetProp((6, 3))
    with pytest.raises(UsageError, match="has val_log_joint and no accuracy; use early"):
        model.fit("digits", stop=["accuracy:0.5"], epochs=1)
    with pytest.raises(UsageError, match="stop early: X has no validation examples"):
        apical.sklearn.ApicalClassifier(settings={"stop": ("early",)}).fit(x, np.arange(60) % 3)


def test_a_generative_model_is_stopped_by_its_score(blobs):
    model = apical.IteratedTargetProp((6, 3))
    result = model.fit(blobs, stop=["early:1,gain=1e9"], epochs=5, batch_size=30)
    assert result.summary["epochs"] == [2]
    assert result.summary["stopped"] == ["no better for 1 epoch than after epoch 1"]


def test_a_comparison_says_it_and_a_search_does_it(blobs):
    asked = {**SMALL, "epochs": 9, "stop": ["early:1,gain=1"], "batch_size": 30}
    found = apical.compare(["bp", "fa"], blobs, seeds=2, **asked)
    told = "settings shared, not tuned; each seed stopped by early:1,1.0"
    assert found.plan.terms == told
    assert [found.spent(each)["epochs"] for each in found.plan.contestants] == [2, 2]
    (trial,) = search(BP(), blobs, {"lr": apical.Log(1e-3, 1e-2)}, trials=1, **asked).trials
    assert len(trial.curve) == 2


def test_the_command_says_when_and_why(tmp_path):
    where = ("--data", "iris", "--hidden", 4, "--epochs", 9, "--batch-size", 30)
    stop = ("--stop", "early:patience=2,gain=1", "accuracy:1", "--out", tmp_path)
    said = command("train", "fa", *where, *stop)
    assert "fa seed 0 stopped after epoch 3: no better for 2 epochs than after epoch 1" in said
    assert "stop early:2,1.0 accuracy:1.0" in said
    again = command("train", "fa", *where, *stop, "--resume")
    assert "stopped after epoch" not in again
