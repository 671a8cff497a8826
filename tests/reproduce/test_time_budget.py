"""A reproduction that has so much time: what is worth most first, stopped cleanly, gone on with."""

import json
import math
import time
from dataclasses import replace

import pytest

from apical import FA, Settings
from apical.errors import UsageError
from apical.jobs.job import INTERRUPTED, Outcome
from apical.jobs.processes import Processes
from apical.jobs.workers import execute
from apical.networks.layers import Fc
from apical.reproduce import paper
from apical.reproduce.experiment import Experiment, Run, Together, arranged
from apical.reproduce.reproduction import Reproduction
from apical.runs.folder import RunFolder
from apical.values.duration import Duration
from tests.commands import apical
from tests.reproduce.jobs import Endless, Halved, Note
from tests.training.small import timeless

SMALL = Settings(hidden=(Fc(4),), epochs=3, steps_per_epoch=2)
EXPERIMENT = Experiment("fa", FA(), SMALL, data="digits", per_class=20)


@pytest.mark.parametrize(
    ("text", "seconds"), [("8m", 480), ("90s", 90), ("1h", 3600), ("1h30m", 5400), (".5m", 30)]
)
def test_durations(text, seconds):
    assert Duration.parse(text).seconds == seconds
    assert Duration.parse(str(Duration.parse(text))).seconds == seconds


@pytest.mark.parametrize("text", ["", "8", "m", "8 minutes", "-1m", "0s", "30s8m", "1e999h", "nan"])
def test_what_is_no_duration_is_told(text):
    with pytest.raises(UsageError, match="must be numbers of hours, minutes and seconds"):
        Duration.parse(text)


def test_a_bad_duration_is_one_line(tmp_path):
    args = ("reproduce", "itd", "--out", tmp_path / "out", "--time-budget", "soon")
    said = apical(*args, code=2)
    assert "--time-budget" in said
    assert "as in 8m, 90s or 1h30m, got 'soon'" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def run(folder, seed=0, experiment=EXPERIMENT) -> Run:
    return Run(experiment, seed, folder / experiment.name / f"seed-{seed}")


def test_a_run_is_interrupted_saved_and_gone_on_with(tmp_path):
    whole, part = run(tmp_path / "whole"), run(tmp_path / "part")
    assert whole.execute() == {"status": "finished"}
    assert part.execute(until=time.monotonic()) == {"status": "interrupted"}
    assert RunFolder(part.folder).checkpoints(0).latest() == 1
    assert part.execute(until=time.monotonic()) == {"status": "interrupted"}
    assert not part.finished()
    assert part.execute() == {"status": "finished"}
    rows = [RunFolder(each.folder).rows("metrics.jsonl") for each in (whole, part)]
    assert timeless(rows[0]) == timeless(rows[1])


def test_what_is_left_is_estimated_from_what_has_run(tmp_path):
    first, second = run(tmp_path), run(tmp_path, 1)
    assert first.seconds() is None
    first.folder.mkdir(parents=True)
    row = {"seed": 0, "seconds": 2.0, "seconds_measuring": 1.0}
    for epoch in (1, 2):
        RunFolder(first.folder).append("metrics.jsonl", {**row, "epoch": epoch})
    assert first.seconds() == 3.0
    assert second.seconds() == 9.0
    assert Together((first, second)).seconds() == 12.0
    assert Together((first, run(tmp_path / "elsewhere"))).seconds() is None


def test_seeds_that_were_begun_together_go_on_together(tmp_path):
    runs = [run(tmp_path, seed) for seed in range(3)]
    (alone,) = arranged([runs[2]], together=True)
    assert alone == runs[2]
    assert arranged(runs, together=False) == runs
    (pair,) = arranged(runs[:2], together=True)
    assert pair.execute(until=time.monotonic()) == {"status": "interrupted"}
    assert pair.seconds() is not None
    assert runs[0].program() == (0, 1)
    # The third was not begun; the second is not asked for, and its place is in the program.
    assert arranged([runs[0], runs[2]], together=False) == [pair, runs[2]]
    assert arranged([runs[0], runs[2]], together=True) == [pair, runs[2]]
    assert pair.label == "fa seeds 0, 1"
    assert pair.execute() == {"status": "finished"}
    assert pair.finished()
    assert runs[2].execute() == {"status": "finished"}
    assert arranged([runs[2]], together=True) == [runs[2]]


def test_the_most_valuable_come_first(tmp_path):
    names = {"low": 0.0, "high": 2.0, "middle": 1.0, "also-low": 0.0}
    jobs = [
        run(tmp_path, s, replace(EXPERIMENT, name=n, value=v))
        for n, v in names.items()
        for s in (0, 1)
    ]
    itd = Reproduction(paper.read("itd"), "smoke", tmp_path)
    labels = [job.label for job in itd.arranged(jobs, together=True)]
    assert labels == [f"{n} seeds 0, 1" for n in ("high", "middle", "low", "also-low")]
    alone = [job.label for job in itd.arranged(jobs)]
    assert alone[:3] == ["high seed 0", "high seed 1", "middle seed 0"]


def test_table_1_is_worth_most_of_target_propagation():
    """In the order in which its networks are to be run."""
    listed = list(paper.read("target-propagation").module("experiments").experiments("paper"))
    ranked = sorted(listed, key=lambda e: -e.value)
    kinds = list(dict.fromkeys("-".join(e.name.split("-")[:2]) for e in ranked if e.value))
    assert kinds == ["mnist-fc", "cifar-fc", "cifar-lc", "mnist-lc"]


def test_ctrl_c_tells_what_is_left(tmp_path, monkeypatch):
    def interrupted(self, jobs, *_):
        jobs[0].execute()
        raise KeyboardInterrupt

    monkeypatch.setattr(Reproduction, "carry_out", interrupted)
    args = ("reproduce", "itd", "--protocol", "smoke", "--only", "vbp", "--out", tmp_path)
    said = apical(*args, "--seeds", "2", code=130)
    assert "1 of 2 runs are left; the same command goes on with them:" in said
    assert "  vbp seed 1, about" in said
    assert said.endswith("apical: interrupted\n")


def test_progress_tells_no_more_time_than_there_is(tmp_path, monkeypatch):
    def slowly(self, jobs, at_once, report, until):
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 60)
        report(Outcome(jobs[0], 60.0, None))
        return []

    monkeypatch.setattr(Reproduction, "carry_out", slowly)
    args = ("reproduce", "itd", "--protocol", "smoke", "--only", "vbp", "--out", tmp_path)
    said = apical(*args, "--seeds", "9", "--time-budget", "2m")
    assert "1/9 vbp seed 0: 60.0 s, about 1.0 min left" in said


@pytest.mark.slow
def test_a_job_that_does_not_fit_is_put_off_and_one_at_work_is_stopped(tmp_path):
    long, endless = Note(tmp_path / "long", 3600.0), Endless(tmp_path / "endless")
    short, never = Note(tmp_path / "short", 0.1), Note(tmp_path / "never", 7200.0)
    begin = time.monotonic()
    one = Processes(1)
    assert execute([Note(tmp_path / "first")], one, lambda _: None)[0].failure is None
    begun = time.monotonic()
    time_given = 2.0 + 4 * (begun - begin)  # a process of this machine is at work well before
    outcomes = execute([long, short, endless, never], one, lambda _: None, begun + time_given)
    assert time.monotonic() - begun < time_given + 26
    told = {outcome.job.label: outcome.failure for outcome in outcomes}
    # After those that fit, or may, only what does not is left, and no time for it.
    assert told == {"short": None, "endless": INTERRUPTED}
    assert endless.path.exists()
    assert not long.path.exists()
    assert execute([long, never], one, lambda _: None, time.monotonic() + 20.0)[0].job == long
    assert execute([endless], one, lambda _: None, time.monotonic() - 1) == []
    assert execute([short], one, lambda _: None, math.inf)[0].failure is None


@pytest.mark.slow
def test_when_it_is_late_only_what_would_end_is_begun(tmp_path):
    halved, unknown = Halved(tmp_path / "halved"), Note(tmp_path / "unknown")
    short, long = Note(tmp_path / "short", 0.1), Note(tmp_path / "long", 3600.0)
    outcomes = execute(
        [halved, unknown, long, short], Processes(1), lambda _: None, time.monotonic() + 60
    )
    assert [(o.job.label, o.failure) for o in outcomes] == [
        ("halved", INTERRUPTED), ("short", None),
    ]  # fmt: skip


@pytest.mark.hard
@pytest.mark.slow
def test_a_reproduction_ends_in_time_and_goes_on(tmp_path):
    args = ["reproduce", "itd", "--protocol", "smoke", "--only", "vbp", "fba"]
    args += ["--seeds", "2", "--out", tmp_path / "itd"]
    said = apical(*args, "--together", "--jobs", "2", "--time-budget", "1s")
    assert "2 of 2 runs are left; the same command goes on with them:" in said
    assert "vbp seeds 0, 1" in said
    said = apical(*args, "--together", "--jobs", "1", "--time-budget", "10m")
    assert "are left" not in said
    assert "4 runs, of which 0 are missing" in apical(*args, "--dry-run")
    table = json.loads((tmp_path / "itd" / "claims.json").read_text())
    assert {row["verdict"] for row in table} == {"not judged"}
