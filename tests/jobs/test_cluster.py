"""Jobs on a real dask scheduler with three workers, some of which are killed."""

import json
import math
import os
import random
import re
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from apical import ApicalError, UsageError
from apical.jobs import cluster
from apical.jobs.cluster import TOKEN, Cluster, Standard
from apical.jobs.job import INTERRUPTED, Outcome, carry_out
from apical.jobs.workers import execute
from apical.runs.lock import locked
from apical.tuning.search import _mark
from apical.values import extensions
from tests.commands import apical
from tests.jobs.dask_cluster import DaskCluster
from tests.jobs.kills import left
from tests.jobs.steps import Steps

pytestmark = [pytest.mark.slow, pytest.mark.hard]


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    with DaskCluster(tmp_path_factory.mktemp("dask")) as running:
        running.start(3)
        yield running


def unheard(outcome: Outcome) -> None:
    pass


def ended(job: Steps) -> int:
    return sum(line.endswith("ended") for line in job.log)


def at_work(job: Steps, dask: DaskCluster) -> list[int]:
    """The worker that has the job, if any."""
    if job.finished() or not (job.folder / "log").exists():
        return []
    last = int(job.log[-1].split()[0])
    return [worker.pid for worker in dask.workers if worker.pid == last]


def test_killed_workers_lose_no_job_and_none_is_done_twice(dask, tmp_path):
    jobs = [Steps(tmp_path / f"job-{i}", 20) for i in range(8)]
    rng, over = random.Random(0), threading.Event()

    def kill() -> None:
        for _ in range(3):
            # Whoever is at work, so that each kill costs something.
            while not (busy := [pid for job in jobs for pid in at_work(job, dask)]):
                if over.wait(0.02):
                    return
            dask.kill(rng.choice(busy))
            over.wait(rng.uniform(0.2, 1.0))

    killer = threading.Thread(target=kill)
    killer.start()
    heard: list[str] = []
    try:
        execute(jobs, Cluster(dask.address, tmp_path), lambda o: heard.append(o.job.label))
    finally:
        over.set()
        killer.join()
    assert sorted(heard) == [job.label for job in jobs]
    assert [ended(job) for job in jobs] == [1] * len(jobs)
    assert [job.lines for job in jobs] == [[str(step) for step in range(20)]] * len(jobs)
    again = [line for job in jobs for line in job.log[1:] if "begun" in line]
    assert again
    assert not (tmp_path / TOKEN).exists()


def test_what_died_right_after_its_end_is_not_done_again(tmp_path):
    job = Steps(tmp_path / "job", 2, 0.0)
    assert carry_out(job).failure is None
    assert carry_out(job).failure is None
    assert ended(job) == 1


def test_a_job_waits_for_a_folder_that_another_holds(tmp_path):
    job = Steps(tmp_path / "job", 2, 0.0)
    with locked(job.folder, "steps"):
        assert "another `steps` is at work in it" in str(carry_out(job).failure)
        waiting: list[Outcome] = []
        thread = threading.Thread(target=lambda: waiting.append(carry_out(job, math.inf, 60.0)))
        thread.start()
        time.sleep(0.1)
    thread.join()
    assert [outcome.failure for outcome in waiting] == [None]


def test_ctrl_c_stops_what_is_at_work(dask, tmp_path):
    jobs = [Steps(tmp_path / f"job-{i}", 2000) for i in range(2)]

    def interrupt() -> None:
        while not all(job.lines for job in jobs):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        execute(jobs, Cluster(dask.address, tmp_path), unheard)
    for job in jobs:
        with_lock = carry_out(Steps(job.folder, len(job.lines) + 1), math.inf, 60.0)
        assert with_lock.failure is None  # the worker has let go of the folder
    assert all(len(job.lines) < 1000 for job in jobs)


def test_a_time_budget_holds_on_workers(dask, tmp_path):
    jobs = [Steps(tmp_path / "short", 2), Steps(tmp_path / "long", 3000)]
    until = time.monotonic() + 8.0
    outcomes = execute(jobs, Cluster(dask.address, tmp_path), unheard, until)
    assert time.monotonic() < until + 20
    told = {outcome.job.label: outcome.failure for outcome in outcomes}
    assert told == {"short": None, "long": INTERRUPTED}
    assert not jobs[1].finished()


ONE = ("--data", "digits", "--hidden", 4, "--epochs", 2)


def test_commands_leave_what_they_leave_without_a_scheduler(dask, tmp_path, monkeypatch):
    """To the last bit; with a relative folder, which workers would look for elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    here, there = tmp_path / "here", Path("there")
    place = ("--scheduler", dask.address)

    reproduce = ("reproduce", "itd", "--protocol", "smoke", "--only", "vbp", "--seeds", 1)
    apical(*reproduce, "--jobs", 1, "--out", here / "itd")
    said = apical(*reproduce, *place, "--out", there / "itd")
    assert f"0 finished before, by the workers of {dask.address}" in said
    run = "itd/runs/smoke/vbp/seed-0"
    assert left(there / run) == left(here / run)

    search = ("search", "fa", *ONE, "--trials", 2)
    apical(*search, "--out", here / "search")
    said = apical(*search, *place, "--out", there / "search")
    assert "2/2 trial 1" in said
    for name in ("trials.csv", "best.json", "search.json"):
        assert (there / "search" / name).read_text() == (here / "search" / name).read_text()
    assert not (there / "search" / "trials").exists()

    compare = ("compare", "bp", "fa", *ONE)
    apical(*compare, "--out", here / "compare")
    said = apical(*compare, *place, "--out", there / "compare")
    assert "On equal terms" in said
    for rule in ("bp", "fa"):
        assert left(there / "compare" / rule) == left(here / "compare" / rule)
    (there / "compare" / "bp" / "summary.json").unlink()
    apical(*compare, *place, "--out", there / "compare")
    assert left(there / "compare" / "bp") == left(here / "compare" / "bp")


def test_trials_that_ended_out_of_turn_are_found_again(tmp_path):
    """As after a kill: the table has no gap, and what lies beside it is not run again."""
    search = ("search", "fa", *ONE, "--trials", 2, "--jobs", 1)
    whole, out = tmp_path / "whole", tmp_path / "part"
    apical(*search, "--out", whole)
    protocol = json.loads((whole / "search.json").read_text())
    beside = out / "trials" / _mark(protocol) / "1"
    beside.mkdir(parents=True)
    # Another score than it would reach if it ran.
    (beside / "trial.json").write_text(json.dumps({"curve": {1: 0.125, 2: 0.25}, "diverged": None}))
    said = apical(*search, "--out", out)
    assert "val accuracy 25.00% at epoch 2" in said
    rows = [(place / "trials.csv").read_text().splitlines() for place in (whole, out)]
    assert rows[0][:2] == rows[1][:2]
    assert rows[0][2] != rows[1][2]
    assert not (out / "trials").exists()


def refused(address: str, out: Path) -> str:
    """What is said of a job that never begins."""
    job = Steps(out / "never", 1)
    with pytest.raises(ApicalError) as error:
        execute([job], Cluster(address, out), unheard)
    assert not job.folder.exists()
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1", "http://127.0.0.1:80", ""])
def test_an_address_at_which_nobody_answers(address, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    said = refused(address, tmp_path)
    assert said.startswith(f"scheduler: no dask scheduler answers at {address} (")
    assert "start one by `dask scheduler`" in said


def test_another_kind_of_server(tmp_path, monkeypatch):
    """One that waits for a question, as web servers do; dask waits for its greeting for ever."""
    monkeypatch.setattr(cluster, "CONNECT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert "(what is there speaks no dask)" in refused(address, tmp_path)


def test_a_scheduler_without_workers_or_with_others_than_it_must_have(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "NO_WORKERS", 0.5)
    with DaskCluster(tmp_path) as dask:
        said = refused(dask.address, tmp_path / "out")
        assert f"{dask.address} has no workers; start some, as by `dask worker" in said
        monkeypatch.setattr(cluster, "NO_WORKERS", 120.0)
        dask.start(threads=2)
        said = refused(dask.address, tmp_path / "out")
        assert "has 2 threads, and a process does one job at a time" in said
        (worker,) = re.findall("worker (tcp://[^ ]*)", said)
        assert "what is there is a dask worker" in refused(worker, tmp_path / "out")
        dask.kill(dask.workers[0].pid, again=False)

        jobs = [Steps(tmp_path / "out" / f"job-{i}", 2000) for i in range(2)]

        def lose() -> None:
            while not jobs[0].lines:
                time.sleep(0.05)
            dask.scheduler.kill()

        dask.start()
        threading.Thread(target=lose).start()
        with pytest.raises(ApicalError) as lost:
            execute(jobs, Cluster(dask.address, tmp_path / "out"), unheard)
        assert str(lost.value) == (
            f"scheduler: the connection to {dask.address} is lost; start one again: what has ended "
            "is kept, and the same command goes on"
        )
        # Its workers have stopped, and the job goes on.
        rest = Steps(jobs[0].folder, len(jobs[0].lines) + 3)
        assert carry_out(rest, math.inf, 60.0).failure is None


HALVED = """
import jax
from apical.rules import BP
from apical.rules.rule import Credit, Rule, State


class Halved(Rule):
    traits = property(lambda self: BP().traits)

    def init(self, net, batch, key):
        return State()

    def credit(self, net, state, batch, key):
        found = BP().credit(net, state, batch, key)
        return Credit(jax.tree.map(lambda g: 0.5 * g, found.network), found.signals)
"""


def test_workers_load_a_file_of_the_users_which_must_be_as_it_was(dask, tmp_path, monkeypatch):
    monkeypatch.setenv(extensions.VARIABLE, "")  # which the test changes, and is undone
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(extensions, "_digests", {})
    mine = tmp_path / "of_a_cluster_user.py"
    mine.write_text(HALVED)
    compare = ("compare", "bp", f"{mine}:Halved", *ONE, "--optimizer", "sgd")
    apical(*compare, "--out", tmp_path / "here")
    said = apical(*compare, "--scheduler", dask.address, "--out", tmp_path / "there")
    assert "On equal terms" in said
    assert left(tmp_path / "there" / "halved") == left(tmp_path / "here" / "halved")
    # One that comes later loads it with its first job.
    monkeypatch.setattr(cluster._Dask, "inspect", lambda self: None)
    with DaskCluster(tmp_path) as later:
        later.start(1)
        apical(*compare, "--scheduler", later.address, "--out", tmp_path / "later")
    [(path, digest)] = [file for file in extensions.files() if file[0] == str(mine)]
    assert extensions.trouble_with(path, digest) is None
    told = f"has loaded {mine} as it was before; start the worker again"
    assert extensions.trouble_with(path, "another") == told
    mine.unlink()
    assert "cannot load a file of yours" in str(extensions.trouble_with(path, digest))


def test_workers_with_other_code_are_refused(dask, tmp_path, monkeypatch):
    ours = dict(cluster._code())
    monkeypatch.setattr(cluster, "_code", lambda: tuple({**ours, "jax": "0.0.1"}.items()))
    wrong = f"has jax {ours['jax']}, this command has 0.0.1; give both the same"
    said = refused(dask.address, tmp_path)
    assert said.startswith("scheduler: worker tcp://")
    assert wrong in said
    # One that comes later is asked with its first job.
    monkeypatch.setattr(cluster._Dask, "inspect", lambda self: None)
    assert wrong in refused(dask.address, tmp_path)


def test_a_folder_that_is_not_shared_or_keeps_no_lock_is_refused(tmp_path):
    file = tmp_path / TOKEN
    standard = Standard(file, "right", cluster._code())
    assert f"does not see {tmp_path}" in str(standard.trouble())
    file.write_text("wrong")
    assert f"does not see {tmp_path}" in str(standard.trouble())
    file.write_text("right")
    assert "keeps no lock across machines" in str(standard.trouble())
    with cluster._standard(tmp_path) as ours:
        assert ours.trouble() is None
        with (
            pytest.raises(UsageError, match="another command gives its jobs to a scheduler"),
            cluster._standard(tmp_path),
        ):
            pass
        assert ours.trouble() is None
    assert not file.exists()


def test_without_dask_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    args = ("reproduce", "itd", "--out", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")
    said = apical(*args, code=2)
    assert said == "apical: scheduler: dask is not installed; pip install 'apical[cluster]'\n"
    assert not (tmp_path / "out").exists()


def test_options_that_exclude_each_other(tmp_path):
    out = ("--out", tmp_path / "out")
    said = apical("reproduce", "itd", *out, "--jobs", 2, "--scheduler", "tcp://a:1", code=2)
    assert "leave out --jobs" in said
    said = apical("compare", "bp", "fa", *ONE, "--jobs", 2, code=2)
    assert "other processes write into a folder; add --out" in said
    said = apical("compare", "bp", "fa", *ONE, *out, "--jobs", 2, "--tensorboard", code=2)
    assert "tensorboard: not with --jobs or --scheduler" in said
    assert not (tmp_path / "out").exists()
