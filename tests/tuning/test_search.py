"""A search keeps every trial that ended, goes on with the same draws, and chooses on validation."""

import csv
import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

import apical
from apical import BP, Choice, DataError, Log, Settings, UsageError
from apical.data import from_arrays
from apical.networks.losses import SquaredError
from apical.report.searches import SearchData
from apical.report.sensitivity import draw
from apical.tuning import space
from apical.tuning.study import FILE, read
from apical.tuning.trial import Trial, best
from apical.values.spelling import decode

TINY: dict[str, Any] = {"hidden": (4,), "epochs": 2, "steps_per_epoch": 3, "batch_size": 30}
SPACE = {"lr": Log(1e-4, 1e-1)}
WILD = TINY | {"activation": "relu", "loss": SquaredError(), "optimizer": "sgd"}
TAME_OR_NOT = {"lr": Choice((1e-3, 1e9))}


def test_a_trial_is_judged_by_its_best_epoch_and_a_search_by_its_best_finished_trial():
    early = Trial(0, {}, {1: 0.5, 2: 0.7, 3: 0.7, 4: 0.6})
    assert (early.score, early.epoch) == (0.7, 2)
    gone = Trial(1, {}, {1: 0.9}, "diverged")
    assert math.isnan(gone.score)
    assert gone.epoch is None
    same = Trial(2, {}, {1: 0.7})
    assert best([same, gone, early]) == early
    assert best([gone]) is None


def test_a_search_that_goes_on_is_the_one_that_never_stopped(blobs, tmp_path):
    heard: list[int] = []

    def report(trial):
        heard.append(trial.number)

    def run(trials, out):
        return apical.search(BP(), blobs, SPACE, trials=trials, out=out, report=report, **TINY)

    assert run(1, tmp_path / "a").trials == run(2, tmp_path / "a").trials[:1]
    assert heard == [0, 1]
    again, whole = run(2, tmp_path / "a"), run(2, None)
    assert heard == [0, 1, 0, 1]
    assert again == whole
    assert [t.values for t in again.trials] == [space.draw(SPACE, 0, number) for number in (0, 1)]
    assert [t.number for t in again.trials] == [0, 1]
    assert again.best is not None
    assert again.settings == Settings(lr=again.best.values["lr"], **TINY)


def test_the_best_configuration_trains_to_the_best_accuracy(blobs, tmp_path):
    found = apical.search(BP(), blobs, SPACE, trials=2, seed=3, out=tmp_path, **TINY)
    stored = json.loads((tmp_path / "best.json").read_text())
    result = apical.fit(
        decode(stored["rule"]), blobs, seed=stored["seed"], **decode(stored["settings"])
    )
    accuracy = max(row["val_accuracy"] for row in result.metrics)
    assert accuracy == stored["val_accuracy"] == max(t.score for t in found.trials)
    assert result.metrics[stored["epoch"] - 1]["val_accuracy"] == accuracy


def test_every_trial_begins_with_the_same_weights_and_order(blobs):
    """So that only its draw tells the second from the first."""
    found = apical.search(BP(), blobs, SPACE, trials=2, seed=3, **TINY)
    for trial in found.trials:
        alone = apical.fit(BP(), blobs, seed=3, **(TINY | trial.values))
        assert trial.curve == {row["epoch"]: row["val_accuracy"] for row in alone.metrics}


def test_trials_that_diverge_count_and_lose_nothing(blobs, tmp_path):
    found = apical.search(BP(), blobs, TAME_OR_NOT, trials=2, seed=4, out=tmp_path, **WILD)
    with (tmp_path / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["lr"], row["state"]) for row in rows] == [
        ("0.001", "finished"), ("1000000000.0", "diverged"),
    ]  # fmt: skip
    assert found.best is not None
    assert found.best.values == {"lr": 1e-3}
    assert read(tmp_path).trials() == found.trials

    search = SearchData.read(tmp_path)
    assert search.diverged == 1
    assert search.errors == [100 * (1 - found.best.score)]
    assert draw([search, search], tmp_path / "figure.png").stat().st_size > 0


def test_if_all_diverge_there_is_no_best(blobs, tmp_path):
    found = apical.search(BP(), blobs, {"lr": Choice((1e9,))}, trials=1, out=tmp_path, **WILD)
    assert found.best is None
    assert not (tmp_path / "best.json").exists()
    assert draw([SearchData.read(tmp_path)], tmp_path / "figure.png").exists()


def test_the_test_set_does_not_matter(blobs):
    worse = from_arrays(
        blobs.train.x, blobs.train.y, name="blobs",
        validation=(blobs.validation.x, blobs.validation.y),
        test=(blobs.test.x, (blobs.test.y + 1) % 3),
    )  # fmt: skip
    ours, theirs = (apical.search(BP(), d, SPACE, trials=1, **TINY) for d in (blobs, worse))
    assert ours.trials == theirs.trials


def test_ctrl_c_keeps_what_has_ended(blobs, tmp_path):
    def interrupt(event):
        if isinstance(event, apical.training.events.Epoch) and read(tmp_path).trials():
            raise KeyboardInterrupt

    found = apical.search(
        BP(), blobs, SPACE, trials=3, out=tmp_path, listeners=(interrupt,), **TINY
    )
    assert found.interrupted
    assert [t.number for t in found.trials] == [0]
    assert (tmp_path / "best.json").exists()


def test_another_protocol_other_files_and_damage_are_told(blobs, tmp_path):
    out = tmp_path / "search"
    apical.search(BP(), blobs, SPACE, trials=1, out=out, **TINY)
    with pytest.raises(UsageError, match=r"seed \(there 0, now 1\)"):
        apical.search(BP(), blobs, SPACE, trials=2, seed=1, out=out, **TINY)
    with pytest.raises(UsageError, match=r"space\.lr"):
        apical.search(BP(), blobs, {"lr": Log(1e-4, 1e-2)}, trials=2, out=out, **TINY)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="holds no search but other files"):
        apical.search(BP(), blobs, SPACE, out=tmp_path / "other", **TINY)
    with pytest.raises(UsageError, match="expected the folder of a search"):
        read(tmp_path / "other")
    table = (out / "trials.csv").read_text()
    (out / FILE).write_bytes(b"")
    with pytest.raises(DataError, match="found an empty file"):
        apical.search(BP(), blobs, SPACE, trials=2, out=out, **TINY)
    assert (out / "trials.csv").read_text() == table
    (out / FILE).write_bytes(b"not a database, and long enough to be seen as none " * 40)
    with pytest.raises(DataError, match="expected the study of a search"):
        apical.search(BP(), blobs, SPACE, trials=2, out=out, **TINY)


def test_a_mistake_in_the_settings_can_be_mended_in_the_same_folder(blobs, tmp_path):
    with pytest.raises(UsageError, match="batch_size"):
        apical.search(BP(), blobs, SPACE, out=tmp_path, **TINY | {"batch_size": 10**6})
    assert len(apical.search(BP(), blobs, SPACE, trials=1, out=tmp_path, **TINY).trials) == 1


def test_without_validation_examples_there_is_nothing_to_choose_by(blobs):
    nothing = blobs.validation.take(np.arange(0))
    without = dataclasses.replace(blobs, validation=nothing)
    with pytest.raises(UsageError, match="blobs has no validation examples"):
        apical.search(BP(), without, SPACE, **TINY)
