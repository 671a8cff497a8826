"""A search keeps every trial that ended, goes on with the same draws, and chooses on validation."""

import csv
import dataclasses
import errno
import json
import math
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import apical
from apical import BP, Choice, DataError, Linear, Log, Settings, UsageError, Whole, WriteError
from apical.data import from_arrays
from apical.networks.losses import SquaredError
from apical.report.sensitivity import draw
from apical.tuning import space
from apical.tuning.folder import SearchData
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
    search = SearchData.read(tmp_path)
    assert search.trials == found.trials
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
        if isinstance(event, apical.training.events.Epoch) and (tmp_path / "trials.csv").exists():
            raise KeyboardInterrupt

    found = apical.search(
        BP(), blobs, SPACE, trials=3, out=tmp_path, listeners=(interrupt,), **TINY
    )
    assert found.interrupted
    assert [t.number for t in found.trials] == [0]
    assert (tmp_path / "best.json").exists()


def test_another_protocol_and_other_files_are_told(blobs, tmp_path):
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
        SearchData.read(tmp_path / "other")


@pytest.fixture(scope="module")
def searched(blobs, tmp_path_factory):
    """The folder of a search of two trials."""
    out = tmp_path_factory.mktemp("searches") / "bp"
    apical.search(BP(), blobs, SPACE, trials=2, out=out, **TINY)
    return out


def emptied(table: str) -> str:
    return ""


def cut_within_a_row(table: str) -> str:
    return table[: table.rindex("finished") + 4]


def renumbered(table: str) -> str:
    return table.replace("1,finished", "2,finished")


def without_scores(table: str) -> str:
    return table.splitlines()[0] + "\n0,finished,0.0004,0.5,1,,\n"


def with_another_value(table: str) -> str:
    head, row, *rest = table.splitlines()
    number, state, _, *cells = row.split(",")
    return "\n".join([head, ",".join([number, state, "0.5", *cells]), *rest]) + "\n"


def of_something_else(table: str) -> str:
    return "name,age\nAda,36\n"


DAMAGE = [emptied, cut_within_a_row, renumbered, without_scores, with_another_value]
DAMAGE += [of_something_else]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_table_is_told_and_left_alone(blobs, searched, tmp_path, damage):
    out = Path(shutil.copytree(searched, tmp_path / "search"))
    table = damage((out / "trials.csv").read_text())
    (out / "trials.csv").write_text(table)
    with pytest.raises(DataError, match=r"trials\.csv: expected .* restore the file") as told:
        apical.search(BP(), blobs, SPACE, trials=3, out=out, **TINY)
    assert "\n" not in str(told.value)
    assert (out / "trials.csv").read_text() == table


def test_a_table_that_is_not_utf_8_is_told(blobs, searched, tmp_path):
    out = Path(shutil.copytree(searched, tmp_path / "search"))
    (out / "trials.csv").write_bytes(b"\xff\xfe\x00" * 40)
    with pytest.raises(DataError, match=r"trials\.csv: expected a table of trials"):
        SearchData.read(out)


def test_what_was_asked_for_is_not_guessed(blobs, searched, tmp_path):
    out = Path(shutil.copytree(searched, tmp_path / "search"))
    for text in ("", "[]", "{}", '{"rule": 3}', (out / "search.json").read_text()[:-9]):
        (out / "search.json").write_text(text)
        with pytest.raises(DataError, match=r"search\.json: expected what a search was asked for"):
            apical.search(BP(), blobs, SPACE, trials=3, out=out, **TINY)
    damage: list[dict[str, Any]] = [{"data": 3}, {"data": {"name": 3}}, {"rule": {}}]
    for part in (*damage, {"space": {}}, {"seed": "x"}):
        config = json.loads((searched / "search.json").read_text())
        (out / "search.json").write_text(json.dumps(config | part))
        with pytest.raises(DataError, match=r"expected") as told:
            SearchData.read(out)
        assert str(out) in str(told.value)
    (out / "search.json").unlink()
    (out / "search.json").mkdir()
    with pytest.raises(DataError, match=r"search\.json: expected what a search was asked for"):
        SearchData.read(out)
    (out / "search.json").rmdir()
    with pytest.raises(UsageError, match="holds no search but other files"):
        apical.search(BP(), blobs, SPACE, trials=3, out=out, **TINY)


def test_a_search_whose_table_was_lost_is_not_begun_again_over_its_results(
    blobs, searched, tmp_path
):
    out = Path(shutil.copytree(searched, tmp_path / "search"))
    (out / "trials.csv").unlink()
    with pytest.raises(DataError, match=r"trials\.csv: not found beside a search"):
        apical.search(BP(), blobs, SPACE, trials=3, out=out, **TINY)


def test_a_table_may_be_sorted_by_hand(searched, tmp_path):
    out = Path(shutil.copytree(searched, tmp_path / "search"))
    head, *rows = (out / "trials.csv").read_text().splitlines()
    (out / "trials.csv").write_text("\n".join([head, *reversed(rows)]) + "\n")
    assert SearchData.read(out).trials == SearchData.read(searched).trials


def removed(out: Path) -> None:
    (out / "trials.csv").unlink()


def replaced(out: Path) -> None:
    (out / "trials.csv").write_text("something else\n")


def all_removed(out: Path) -> None:
    shutil.rmtree(out)


@pytest.mark.hard
@pytest.mark.parametrize("harm", [removed, replaced, all_removed], ids=lambda harm: harm.__name__)
def test_what_becomes_of_its_files_while_it_runs_loses_nothing(blobs, tmp_path, harm):
    """The trials are in memory too, and the table is written whole."""
    out = tmp_path / "search"

    def report(trial):
        if trial.number == 0:
            harm(out)

    found = apical.search(BP(), blobs, SPACE, trials=2, out=out, report=report, **TINY)
    assert SearchData.read(out).trials == found.trials
    assert len(found.trials) == 2
    assert found == apical.search(BP(), blobs, SPACE, trials=2, **TINY)


@pytest.mark.hard
def test_a_disk_that_fills_up_is_told_and_the_search_goes_on_when_there_is_room(blobs, small_disk):
    out, rest = small_disk / "search", small_disk / "rest"
    heard = []

    def fill(trial):
        heard.append(trial.number)
        if trial.number == 1:
            free = os.statvfs(small_disk)
            rest.write_bytes(bytes(free.f_bavail * free.f_frsize))

    with pytest.raises(WriteError, match=r"search\.json: cannot be written \(No space left"):
        apical.search(BP(), blobs, SPACE, trials=4, out=out, report=fill, **TINY)
    kept = SearchData.read(out).trials
    assert [trial.number for trial in kept] == heard == [0, 1]
    rest.unlink()
    again = apical.search(BP(), blobs, SPACE, trials=4, out=out, **TINY)
    assert again == apical.search(BP(), blobs, SPACE, trials=4, **TINY)
    assert SearchData.read(out).trials == again.trials


def test_a_folder_that_is_made_read_only_is_told(blobs, tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with pytest.raises(WriteError, match=r"cannot be written \(Read-only file system\)"):
        apical.search(
            BP(), blobs, SPACE, trials=2, out=tmp_path,
            report=lambda trial: monkeypatch.setattr(os, "fsync", refuse), **TINY,
        )  # fmt: skip
    assert [trial.number for trial in SearchData.read(tmp_path).trials] == [0]


def test_a_search_of_before_goes_on(tmp_path):
    """Its trials are in an Optuna study; this one is of DTP on irises, two of three diverged."""
    with sqlite3.connect(tmp_path / "study.sqlite3") as file:
        file.executescript((Path(__file__).parent / "optuna_study.sql").read_text())
    file.close()
    (tmp_path / "trials.csv").write_text("number,state,lr\n")
    found = SearchData.read(tmp_path)
    assert found.diverged == 2
    assert found.trials[2] == Trial(
        2, {"lr": 1e-3, "inverse.sigma": 0.157, "batch_size": 17}, {1: 1 / 3, 2: 1 / 3}
    )
    assert "epoch 1, step 2: layer 1's preactivations" in str(found.trials[0].diverged)
    space = {"lr": Choice((1e-3, 1e30)), "inverse.sigma": Linear(0.1, 0.3)}
    space |= {"batch_size": Whole(10, 20)}
    asked: dict[str, Any] = {"hidden": (4,), "epochs": 2, "activation": "relu", "optimizer": "sgd"}
    again = apical.search(
        apical.DTP(), apical.load("iris"), space, trials=4, out=tmp_path, **asked, batch_size=10
    )
    assert again.trials[:3] == found.trials
    assert SearchData.read(tmp_path).trials == again.trials
    (tmp_path / "study.sqlite3").unlink()
    assert SearchData.read(tmp_path).trials == again.trials


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE trial_intermediate_values SET intermediate_value = 'x'",
        "DELETE FROM trial_intermediate_values",
        "DELETE FROM trials WHERE number = 1",
        "DELETE FROM study_user_attributes",
        "UPDATE study_user_attributes SET value_json = '[]'",
        "DROP TABLE trials",
    ],
)
def test_a_study_of_before_with_damaged_rows_is_told(tmp_path, change):
    with sqlite3.connect(tmp_path / "study.sqlite3") as file:
        file.executescript((Path(__file__).parent / "optuna_study.sql").read_text())
        file.execute(change)
    file.close()
    with pytest.raises(DataError, match=r"study\.sqlite3: expected") as told:
        SearchData.read(tmp_path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"", b"not a database, and long enough to be seen " * 40])
def test_a_damaged_study_of_before_is_told(blobs, tmp_path, content):
    (tmp_path / "study.sqlite3").write_bytes(content)
    with pytest.raises(DataError, match=r"study\.sqlite3: expected the study of a search"):
        apical.search(BP(), blobs, SPACE, trials=2, out=tmp_path, **TINY)


def test_a_search_that_is_refused_leaves_nothing(blobs, tmp_path):
    out = tmp_path / "search"
    with pytest.raises(UsageError, match="batch_size"):
        apical.search(BP(), blobs, SPACE, out=out, **TINY | {"batch_size": 10**6})
    assert not out.exists()
    out.mkdir()
    with pytest.raises(UsageError, match="batch_size"):
        apical.search(BP(), blobs, SPACE, out=out, **TINY | {"batch_size": 10**6})
    assert [path.name for path in out.iterdir()] == [".lock"]
    assert len(apical.search(BP(), blobs, SPACE, trials=1, out=out, **TINY).trials) == 1


def test_without_validation_examples_there_is_nothing_to_choose_by(blobs):
    nothing = blobs.validation.take(np.arange(0))
    without = dataclasses.replace(blobs, validation=nothing)
    with pytest.raises(UsageError, match="blobs has no validation examples"):
        apical.search(BP(), without, SPACE, **TINY)
