"""The machine finds what it is made to find, and the lines that it calls right are."""

import functools
import itertools
import json
import os
import random
import signal
import sys
import time
from unittest.mock import patch

import pytest
import tyro

from apical.cli.main import main
from tests.torture import command_lines, damage
from tests.torture.ledger import Ledger, Tried
from tests.torture.options import commands
from tests.torture.promise import broken
from tests.torture.sandbox import Place, run


def _raises():
    raise KeyError("lr")


def _hangs():
    while True:
        time.sleep(0.01)


def _hears_nothing():
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            continue


def _fails_in_silence():
    sys.exit(1)


def _takes_memory():
    taken = b"x" * (1 << 28)
    _hangs()
    print(len(taken))


def _dies():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.hard
@pytest.mark.parametrize(
    ("work", "word"),
    [
        (_raises, "traceback"),
        (_hangs, "traceback"),  # Ctrl-C is not caught
        (_hears_nothing, "hang"),
        (_fails_in_silence, "fails without a word on stderr"),
        (lambda: sys.exit(3), "exit code 3"),
        (_dies, "ended by SIGKILL"),
        (_takes_memory, "memory"),
        (lambda: print("odd", file=sys.stderr), "words on stderr, though all is well"),
    ],
)
def test_a_fault_is_found(work, word, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.torture.sandbox.MEMORY", 1 << 27)
    monkeypatch.setattr("tests.torture.sandbox.PATIENCE", 0.2)
    assert word in broken(run(work, Place(tmp_path), limit=0.2))


def test_a_command_that_keeps_the_promise_breaks_nothing(tmp_path):
    def refuse():
        print("apical: lr: must be positive, got -1", file=sys.stderr)
        sys.exit(2)

    for work in (refuse, lambda: print("done")):
        assert broken(run(work, Place(tmp_path), limit=10)) == []


def test_a_file_that_nobody_asked_for_is_found(tmp_path):
    place = Place(tmp_path)
    asked = next(command for command in commands() if command.words == ("train", "bp"))
    (place.work / "out").mkdir()
    (place.work / "out" / "config.json").touch()
    (place.work / "stray").touch()
    argv = ["train", "bp", "--out", "out"]
    assert command_lines.unasked(place, set(), argv, asked) == ["work/stray"]


def test_right_lines_can_be_read():
    """What is refused for its values was read: no flag is unknown, no word is of a wrong type."""
    rng, read = random.Random(0), 0
    several = [asked for asked in commands() if asked.words[0] != "data"]
    for asked in rng.sample(several, 12):
        argv = command_lines.right(asked, rng)
        with patch("tyro.cli", side_effect=_reads_only), pytest.raises(SystemExit) as ended:
            main(argv)
        read += ended.value.code == 0
    assert read > 8


def _reads_only(function, **options):
    """tyro, without calling what it has read the arguments of."""
    reading = functools.wraps(function)(lambda *args, **kwargs: sys.exit(0))
    return TYRO(reading, **options)


TYRO = tyro.cli


def test_every_way_of_spoiling_spoils(tmp_path):
    """Whatever is drawn; a set of functions has another order in every process."""
    ways = dict.fromkeys((*damage.WAYS, damage.node))
    for number, (way, seed) in enumerate(itertools.product(ways, range(40))):
        path, rng = tmp_path / str(number) / "config.json", random.Random(seed)
        path.parent.mkdir()
        path.write_text(whole := json.dumps({"a": [1, {"b": "c"}]}))
        way(path, rng)
        assert not path.is_file() or path.read_text(errors="replace") != whole, way


def test_counts_add_up_over_sessions_and_findings_are_kept(tmp_path):
    for _ in range(2):
        ledger = Ledger(tmp_path)
        ended = run(_raises, Place(tmp_path / "place"), 10)
        ledger.add(Tried("train, right", ["train"], ended, broken(ended)), "lines", 0, 5)
        ledger.cases["lines"] += 1
        ledger.write()
    kept = Ledger(tmp_path)
    assert kept.cases["lines"] == 2
    assert kept.kinds["lines: train, right"] == {"tried": 2, "refused": 2, "findings": 2}
    (finding,) = (tmp_path / "findings").iterdir()
    assert json.loads(finding.read_text())["case"] == 5
