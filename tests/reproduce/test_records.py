"""Recorded runs count as run, and publishing keeps them."""

import json
import shutil
import subprocess
import sys

import pytest

from apical import BP, UsageError, fit, load
from apical.reproduce import paper, records
from apical.reproduce.publish import publish
from apical.training.reload import reload


@pytest.fixture
def papers(tmp_path, monkeypatch):
    """The papers' folder, copied: what is published there stays there."""
    copy = tmp_path / "papers"
    shutil.copytree(paper.FOLDER, copy, ignore=shutil.ignore_patterns("*.png", "records"))
    monkeypatch.setattr(paper, "FOLDER", copy)
    return copy


def reproduce(out, *more):
    command = [sys.executable, "-m", "apical", "reproduce", "itd", "--protocol", "smoke"]
    command += ["--only", "order", "--seeds", "1", "--jobs", "1", "--out", out, *more]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_recorded_runs_are_not_made_again(papers, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    done = reproduce(first)
    assert done.returncode == 0, done.stderr
    judged = (first / "claims.json").read_text()
    publish("itd", first, "smoke", records=True)
    chosen = paper.read("itd")
    assert json.loads((chosen.results / "smoke" / "claims.json").read_text())
    kept = sorted(p.name for p in (chosen.records / "smoke").iterdir())
    assert kept == sorted(p.name for p in (first / "runs" / "smoke").iterdir())
    assert not list(chosen.records.glob("**/checkpoints"))

    runs = second / "runs" / "smoke"
    assert records.bring(chosen, "smoke", runs) == len(kept)
    marked = runs / kept[0] / "seed-0" / "summary.json"
    before = marked.read_text()
    again = reproduce(second)
    assert again.returncode == 0, again.stderr
    assert f"{len(kept)} finished before" in again.stdout
    assert marked.read_text() == before
    assert (second / "claims.json").read_text() == judged


def test_a_newer_run_takes_the_place_of_its_record(papers, tmp_path):
    chosen, run = paper.read("itd"), tmp_path / "runs" / "e" / "seed-0"
    run.mkdir(parents=True)
    for accuracy in (0.1, 0.2):
        (run / "summary.json").write_text(json.dumps({"status": "finished", "found": accuracy}))
        assert records.keep(chosen, "paper", tmp_path / "runs") == 1
    kept = chosen.records / "paper" / "e"
    assert json.loads((kept / "seed-0" / "summary.json").read_text())["found"] == 0.2
    assert [path.name for path in kept.iterdir()] == ["seed-0"]


def test_what_a_kill_left_half_copied_is_copied_again(papers, tmp_path):
    chosen = paper.read("itd")
    record = chosen.records / "paper" / "e" / "seed-0"
    record.mkdir(parents=True)
    (record / "summary.json").write_text(json.dumps({"status": "finished"}))
    half = tmp_path / "runs" / "e" / "seed-0.part"
    half.mkdir(parents=True)
    (half / "summary.json").write_text("{")
    assert records.bring(chosen, "paper", tmp_path / "runs") == 1
    assert [path.name for path in half.parent.iterdir()] == ["seed-0"]


def test_reading_networks_of_a_record_says_so_and_leaves_it_as_it_is(papers, tmp_path):
    fit(BP(), load("digits"), hidden=(4,), epochs=1, steps_per_epoch=1, out=tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    with pytest.raises(UsageError, match=r"holds no network.*a record of a run"):
        reload(tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before


def test_a_run_in_the_folder_is_not_replaced_by_a_record(papers, tmp_path):
    chosen = paper.read("itd")
    for root, status in ((chosen.records / "paper", "finished"), (tmp_path / "runs", "diverged")):
        folder = root / "e" / "seed-0"
        folder.mkdir(parents=True)
        (folder / "summary.json").write_text(json.dumps({"status": status}))
    assert records.bring(chosen, "paper", tmp_path / "runs") == 0
    assert "diverged" in (tmp_path / "runs" / "e" / "seed-0" / "summary.json").read_text()


def test_a_run_that_has_not_ended_is_not_recorded(papers, tmp_path):
    folder = tmp_path / "runs" / "e" / "seed-0"
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps({"status": "interrupted"}))
    assert records.keep(paper.read("itd"), "paper", tmp_path / "runs") == 0
