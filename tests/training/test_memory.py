"""What a run is said to need of memory, beside what processes take; refusal of giants."""

import logging
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import jax
import psutil
import pytest

import apical
from apical.errors import UsageError
from apical.networks.layers import Fc
from apical.settings import Settings
from apical.settings.turns import Alternation
from apical.training import memory
from apical.training.evaluate import CHUNK
from apical.training.memory import Bytes, needed, refuse
from apical.training.task import Task
from apical.values.value import read
from tests.training.memory_of_a_run import RUNS

SMALL = Settings(hidden=(Fc(8),), batch_size=30, epochs=2)


@pytest.mark.memory
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", RUNS)
def test_what_a_run_needs_is_what_it_takes(name):
    command = [sys.executable, "-m", "tests.training.memory_of_a_run", name]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, took = map(int, done.stdout.split())
    print(f"{name}: said {said >> 20} MiB, took {took >> 20}, ratio {said / took:.3f}")
    assert said == pytest.approx(took, rel=0.15)


def test_asking_compiles_nothing_twice(blobs, caplog):
    """The programs that were asked are those that train and measure."""
    task = Task(
        apical.DTP(),
        blobs,
        replace(SMALL, hidden=(Fc(9), Fc(8)), alternate=read(Alternation, "epoch", "alternate")),
    )
    programs = ("run_chunk", "begin", "tally", "alignment", "contractions")

    def compiled() -> list[str]:
        told = [r.getMessage() for r in caplog.records]
        told = [t for t in told if t.startswith("Finished XLA compilation")]
        return [n for n in programs for t in told if f"jit({n})" in t]

    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        needed(task.trainer)
        assert compiled() == ["run_chunk", *programs]
        caplog.clear()
        apical.fit(task.rule, blobs, task.settings)
    assert compiled() == []


def test_seeds_need_more_side_by_side_than_one_after_the_other(blobs):
    trainer = Task(apical.BP(), blobs, replace(SMALL, hidden=(Fc(2000),))).trainer
    alone, in_turn, beside = (sum(needed(trainer, *n)) for n in ((1, 1), (3, 1), (3, 3)))
    assert alone < in_turn < beside


def test_measuring_needs_room_for_the_activity_of_all_that_are_measured_at_once(blobs):
    units = 5000
    trainer = Task(apical.BP(), blobs, replace(SMALL, hidden=(Fc(units),))).trainer
    carry, activity = memory.size_of(trainer.shapes), CHUNK * units * 4
    assert 10 * carry < activity
    assert sum(needed(trainer)) >= memory.REST + 2 * carry + activity


def test_a_network_beyond_memory_is_refused_with_its_largest_layer(blobs, monkeypatch, tmp_path):
    def ask(*_):
        raise AssertionError("a program was compiled for what cannot be")

    monkeypatch.setattr(memory, "needed", ask)
    words = r"hidden: training needs .* GiB .* are free; layer 2, .*5\d*, takes the most"
    with pytest.raises(UsageError, match=words):
        apical.fit(apical.BP(), blobs, hidden=(8, 5 * 10**10, 3), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_no_lower_bound_refuses_the_programs_do(blobs, monkeypatch, tmp_path):
    task = Task(apical.BP(), blobs, replace(SMALL, hidden=(Fc(20000),)))
    need, least = sum(needed(task.trainer)), 20 << 20
    there = psutil.virtual_memory()
    for free, passes in ((need - (1 << 20), False), (need + (1 << 20), True), (least, False)):
        monkeypatch.setattr(psutil, "virtual_memory", lambda f=free: there._replace(available=f))
        if passes:
            task.refuse_giants(task.trainer, 1, 1)
        else:
            with pytest.raises(UsageError, match=r"layer 1, .*20000.*takes the most"):
                task.refuse_giants(task.trainer, 1, 1)


def test_a_device_of_its_own_is_asked_what_it_has(monkeypatch):
    told: list[Any] = [{"bytes_limit": 100, "bytes_in_use": 60}]
    device = SimpleNamespace(memory_stats=lambda: told[-1])
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(jax, "local_devices", lambda: [device])
    refuse(Bytes(device=40), "")
    with pytest.raises(UsageError):
        refuse(Bytes(device=41), "")
    with pytest.raises(UsageError):
        refuse(Bytes(host=10**18), "")
    told.append(None)
    refuse(Bytes(device=10**18), "")
