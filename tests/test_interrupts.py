"""Ctrl-C waits for what must not be left half done."""

import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from apical import FA, fit, load
from apical.cli.main import lose_no_interrupt
from apical.runs.checkpoints import Checkpoints
from apical.runs.folder import RunFolder
from apical.runs.interrupts import held


@pytest.fixture(autouse=True)
def ctrl_c_raises():
    """Whatever a shell starts in the background ignores Ctrl-C."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


def test_ctrl_c_comes_through_when_the_block_has_ended():
    done = []

    def interrupted():
        with held():
            with held():
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_the_block_raises_comes_first():
    def failing():
        with held():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        failing()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_and_handlers_are_left_alone():
    seen = []

    def within():
        with held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=within)
    thread.start()
    thread.join()
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        within()
    finally:
        signal.signal(signal.SIGINT, usual)
    assert seen == [signal.default_int_handler, signal.SIG_IGN]


def test_ctrl_c_within_a_checkpoint_ends_the_run_after_it(tmp_path: Path, monkeypatch):
    data = load("digits").limit(10)
    settings: dict[str, Any] = {"hidden": (5,), "epochs": 3, "checkpoint_seconds": 0.0}
    whole = fit(FA(), data, out=tmp_path / "whole", **settings)
    save = Checkpoints.save

    def interrupted(self, *args):
        signal.raise_signal(signal.SIGINT)
        save(self, *args)

    monkeypatch.setattr(Checkpoints, "save", interrupted)
    part = fit(FA(), data, out=tmp_path / "part", **settings)
    monkeypatch.undo()
    assert part.summary["status"] == "interrupted"
    folder = RunFolder(tmp_path / "part")
    assert folder.checkpoints(0).latest() == len(folder.rows("metrics.jsonl")) == 1
    done = fit(FA(), data, out=tmp_path / "part", resume=True, **settings)
    scores = [[row["val_accuracy"] for row in result.metrics] for result in (done, whole)]
    assert scores[0] == scores[1]


def test_ctrl_c_that_meets_a_callback_is_not_lost(monkeypatch, capsys):
    """Python swallows what is raised in a destructor or by the garbage collector's callbacks."""

    class Met:
        def __del__(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    lose_no_interrupt()

    def interrupted():
        met = Met()
        del met
        for _ in range(100):
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert capsys.readouterr().err == ""
