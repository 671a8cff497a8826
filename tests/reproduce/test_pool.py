"""Runs side by side in real processes: failures are told and lose nothing."""

import dataclasses
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from apical import FA, Settings
from apical.jobs.processes import Processes
from apical.jobs.workers import execute
from apical.networks.layers import Fc
from apical.reproduce.experiment import Experiment, Run
from apical.runs.lock import locked
from tests.commands import apical, command
from tests.reproduce.jobs import Deadly, Note

pytestmark = pytest.mark.slow

SETTINGS = Settings(hidden=(Fc(4),), epochs=1, steps_per_epoch=2)


def runs(folder: Path, *experiments: Experiment) -> list[Run]:
    return [Run(e, 0, folder / e.name / "seed-0") for e in experiments]


@pytest.mark.hard
def test_a_failure_does_not_lose_the_others(tmp_path):
    bad = dataclasses.replace(SETTINGS, optimizer="nope")
    asked = runs(
        tmp_path,
        Experiment("good", FA(), SETTINGS),
        Experiment("bad", FA(), bad),
        Experiment("also-good", FA(), SETTINGS),
    )
    heard: list[str] = []
    outcomes = execute(asked, Processes(2), lambda outcome: heard.append(outcome.job.label))
    failures = {o.job.label: o.failure for o in outcomes}
    assert sorted(heard) == ["also-good seed 0", "bad seed 0", "good seed 0"]
    assert failures["good seed 0"] is None
    assert failures["also-good seed 0"] is None
    assert "optimizer: there is no 'nope'" in str(failures["bad seed 0"])
    assert [run.finished() for run in asked] == [True, False, True]


def test_a_job_that_kills_its_process_is_the_only_one_lost(tmp_path):
    asked = [Note(tmp_path / "good-0"), Deadly(tmp_path / "deadly")]
    asked += [Note(tmp_path / f"good-{i}") for i in (1, 2)]
    failures = {o.job.label: o.failure for o in execute(asked, Processes(2), lambda _: None)}
    assert failures.pop("deadly") == "its process died each time"
    assert failures == {f"good-{i}": None for i in range(3)}
    assert [job.finished() for job in asked] == [True, False, True, True]


@pytest.mark.hard
def test_an_interrupted_reproduction_repeats_no_finished_run(tmp_path):
    out = tmp_path / "itd"
    args = ["reproduce", "itd", "--protocol", "smoke", "--out", out]
    process = subprocess.Popen(
        command(*args, "--jobs", 2), stdout=subprocess.DEVNULL, start_new_session=True
    )
    finished: list[Path] = []
    deadline = time.monotonic() + 600  # of a machine that does much else
    while not finished and time.monotonic() < deadline:
        finished = list(out.glob("runs/smoke/*/seed-*/summary.json"))
        time.sleep(0.05)
    # Only the parent is killed: its workers must notice and go.
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert finished
    workers = ["pgrep", "--session", str(process.pid)]
    while subprocess.run(workers, stdout=subprocess.DEVNULL, check=False).returncode == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    finished = list(out.glob("runs/smoke/*/seed-*/summary.json"))
    before = {path: path.stat().st_mtime_ns for path in finished}

    said = apical(*args, "--jobs", 1)
    assert f"{len(before)} finished before" in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    table = json.loads((out / "claims.json").read_text())
    columns = {
        "claim",
        "source",
        "demand",
        "ours",
        "ci95",
        "n",
        "protocol",
        "verdict",
        "deviations",
    }
    for row in table:
        assert columns <= row.keys()
        assert row["verdict"] == "not judged"
    assert "proves" in (out / "claims.md").read_text()
    assert (out / "figures" / "figure-2.png").exists()
    assert (out / "figures" / "figure-3.svg").exists()

    assert "4 runs, of which 0 are missing" in apical(*args, "--dry-run")


def test_a_folder_serves_one_reproduction_at_a_time(tmp_path):
    with locked(tmp_path, "apical reproduce"):
        said = apical("reproduce", "itd", "--protocol", "smoke", "--out", tmp_path, code=2)
    assert "another `apical reproduce` is at work in it" in said
    with locked(tmp_path, "apical reproduce"):
        pass
