"""`apical search` as users meet it: killed, continued, and its best trained."""

import csv
import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from apical import Choice, Log
from apical.tuning.folder import SearchData
from apical.tuning.space import draw
from tests.commands import apical, command

pytestmark = pytest.mark.slow

SEARCH = ["search", "fa", "--data", "iris", "--hidden", "4", "--batch-size", "10", "--space"]
SPACE = {"lr": Log(1e-3, 1e-1), "optimizer_args.eps": Choice((1e-4, 1e-8))}
SEARCH += ["lr", "log:1e-3,1e-1", "optimizer-args.eps", "choice:1e-4/1e-8"]


def table(out: Path) -> list[dict[str, str]]:
    with (out / "trials.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> tuple[Path, str]:
    """A search that was killed within a trial and then continued, and what it said."""
    out = tmp_path_factory.mktemp("searches") / "fa"
    asked = [*SEARCH, "--epochs", "3", "--trials", "4", "--out", str(out)]
    process = subprocess.Popen(
        command(*asked), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    while not process.stdout.readline().startswith("2/4"):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = SearchData.read(out).trials
    assert 2 <= len(before) < 4
    assert [int(row["number"]) for row in table(out)] == [trial.number for trial in before]
    assert (out / "best.json").exists()
    said = apical(*asked)
    after = SearchData.read(out).trials
    assert after[: len(before)] == before
    assert len(after) == 4
    assert f"{len(before)}/4" not in said
    return out, said


@pytest.mark.hard
def test_a_killed_search_has_the_draws_of_one_that_was_not(killed):
    out, _ = killed
    expected = [draw(SPACE, 0, number) for number in range(4)]
    assert [trial.values for trial in SearchData.read(out).trials] == expected
    assert [row["number"] for row in table(out)] == ["0", "1", "2", "3"]
    assert (out / "sensitivity.png").exists()


@pytest.mark.hard
def test_the_printed_command_trains_the_best(killed, tmp_path):
    out, said = killed
    (line,) = [line for line in said.splitlines() if line.startswith("apical train")]
    apical(*shlex.split(line)[1:], "--out", tmp_path / "run")
    best = json.loads((out / "best.json").read_text())
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["best_validation"]["val_accuracy"]["mean"] == best["val_accuracy"]
    assert summary["best_validation"]["epoch"] == [best["epoch"]]


@pytest.mark.hard
def test_searches_are_laid_over_each_other(killed, tmp_path):
    out, _ = killed
    said = apical("sensitivity", out, out, "--out", tmp_path / "figure.svg")
    assert "median" in said
    assert (tmp_path / "figure.svg").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["fa", "--out", "x", "--space", "lrr", "log:1e-3,1e-2"], "did you mean 'lr'"),
        (["fa", "--out", "x", "--space", "lr", "logg:1e-3,1e-2"], "did you mean 'log'"),
    ],
)
def test_mistakes_get_one_readable_message(args, words, tmp_path):
    args = [str(tmp_path / "x") if arg == "x" else arg for arg in args]
    assert words in " ".join(apical("search", *args, code=2).split())
    assert not list(tmp_path.iterdir())
