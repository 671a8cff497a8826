"""A disk that fills up, at any point of a run: one line, the last checkpoint kept, and --resume."""

import errno
import itertools
import math
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from apical import FA, WriteError, fit
from apical.cli.main import main
from apical.runs.folder import RunFolder
from apical.training import recording
from apical.training.events import Epoch
from tests.disks import filling_up, mounted
from tests.training.small import SMALL, bits, timeless

SETTINGS: dict[str, Any] = {
    **SMALL, "epochs": 2, "lr": 0.1, "optimizer": "sgd", "checkpoint_seconds": 0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def anywhere(monkeypatch):
    """Asking git for the commit takes longer than these runs do."""
    monkeypatch.setattr(recording, "environment", lambda: {"commit": None})


def content(folder: Path) -> dict[str, Any]:
    """What a run's folder holds, but for the times that things took."""
    run = RunFolder(folder)
    summary = run.read("summary.json")
    rows = {name: timeless(run.rows(name)) for name in ("initial.jsonl", "metrics.jsonl")}
    told = {key: value for key, value in summary.items() if not key.startswith("seconds")}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    arrays = {path.name: path.read_bytes() for path in files if path.suffix == ".npz"}
    return {"files": [str(p.relative_to(folder)) for p in files], **rows, **told, **arrays}


def sound(folder: Path) -> None:
    """Nothing is there by half: every file that is there can be read."""
    assert not list(folder.rglob("*.part"))
    run = RunFolder(folder)
    for path in folder.glob("*.json"):
        run.read(path.name)
    for path in folder.glob("*.jsonl"):
        assert not path.stat().st_size or path.read_bytes().endswith(b"\n")


@pytest.mark.hard
def test_wherever_the_disk_fills_up_the_run_goes_on_bit_for_bit(blobs, tmp_path):
    fit(FA(), blobs, **SETTINGS)  # JAX makes the folder of its cache at a process's first program
    with filling_up(math.inf) as disk:
        whole = fit(FA(), blobs, out=tmp_path / "whole", **SETTINGS)
    wanted = content(tmp_path / "whole")
    assert disk.steps > 30
    for room in range(disk.steps):
        out = tmp_path / str(room)
        with filling_up(room), pytest.raises(WriteError) as told:
            fit(FA(), blobs, out=out, **SETTINGS)
        assert str(told.value).startswith(str(out))
        assert "cannot be written (No space left on device)" in str(told.value)
        assert "\n" not in str(told.value)
        sound(out)
        with filling_up(math.inf):
            result = fit(FA(), blobs, out=out, resume=True, **SETTINGS)
        assert bits(result.networks) == bits(whole.networks)
        assert content(out) == wanted
        shutil.rmtree(out)


@pytest.mark.parametrize("number", [errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_other_reasons_are_told_with_what_to_do(blobs, tmp_path, number):
    with filling_up(12, number), pytest.raises(WriteError) as told:
        fit(FA(), blobs, out=tmp_path / "run", **SETTINGS)
    assert f"({os.strerror(number)})" in str(told.value)
    assert " or choose another path, and run the command again" in str(told.value)
    assert "\n" not in str(told.value)
    fit(FA(), blobs, out=tmp_path / "run", resume=True, **SETTINGS)


def test_a_folder_that_is_removed_while_the_run_goes_on_is_not_made_again(blobs, tmp_path):
    def remove(event):
        if isinstance(event, Epoch) and event.number == 1:
            shutil.rmtree(tmp_path / "run")

    with pytest.raises(WriteError, match=r"run/.*: cannot be written \(No such file") as told:
        fit(FA(), blobs, out=tmp_path / "run", listeners=[remove], **SETTINGS)
    assert "leave its folder where it is" in str(told.value)
    assert not (tmp_path / "run").exists()


def test_a_line_is_on_the_disk_before_the_checkpoint_that_counts_on_it(
    blobs, tmp_path, monkeypatch
):
    """A power cut takes what no one has waited for."""
    waited = []
    links = Path("/proc/self/fd")
    if not links.exists():
        pytest.skip("which file a descriptor belongs to is told by Linux alone")
    monkeypatch.setattr(os, "fsync", lambda fd: waited.append((links / str(fd)).readlink().name))
    fit(FA(), blobs, out=tmp_path / "run", **SETTINGS)
    for name in ("1.npz.part", "2.npz.part"):
        place = waited.index(name)
        assert waited[place - 2 : place] == ["initial.jsonl", "metrics.jsonl"]


def test_a_finished_run_needs_no_room_to_be_looked_at(blobs, tmp_path):
    """Nothing but its summary, which says the same again, is written by --resume."""
    fit(FA(), blobs, out=tmp_path, **SETTINGS)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.jsonl")}
    fit(FA(), blobs, out=tmp_path, resume=True, **SETTINGS)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.jsonl")} == before


def command(words: str, capsys) -> str:
    """What `apical` says on its way out; nothing if it ends well."""
    try:
        main(words.split())
        status: Any = 0
    except SystemExit as end:
        status = end.code
    said = capsys.readouterr().err
    assert status == bool(said)
    return said


def test_on_a_small_disk_that_grows_a_run_ends_as_on_a_large_one(tmp_path, capsys):
    train = "train fa --data iris --hidden 4 --batch-size 30 --epochs 2 --checkpoint-seconds 0"
    main(f"{train} --out {tmp_path / 'whole'}".split())
    disk = tmp_path / "disk"
    lines = []
    with mounted(disk, "size=4k") as change:
        for blocks in itertools.count(1):
            change(f"size={4 * blocks}k")
            said = command(f"{train} --tensorboard --out {disk / 'run'} --resume", capsys)
            if not said:
                break
            lines.append(said)
            sound(disk / "run")
        shutil.rmtree(disk / "run" / "tensorboard")
        assert content(disk / "run") == content(tmp_path / "whole")
    assert len(lines) >= 6
    for line in lines:
        assert line.startswith(f"apical: {disk / 'run'}")
        begun = "config.json" not in line
        assert line.endswith("; --resume goes on from the last checkpoint\n") == begun
        assert line.count("\n") == 1
    named = " ".join(lines)
    # Which of the last files meets the end depends on the digits of seconds that were written.
    for file in ("config.json", "initial.jsonl", "tensorboard", ".npz"):
        assert f"{file}: cannot be written (No space left" in named, file


@pytest.mark.parametrize("options", ["size=1m,ro", "size=1m,nr_inodes=1"])
def test_a_folder_that_cannot_be_made_is_told(tmp_path, capsys, options):
    with mounted(tmp_path / "disk", options):
        said = command(
            f"train fa --data iris --batch-size 30 --out {tmp_path / 'disk' / 'run'}", capsys
        )
    assert said.startswith(f"apical: {tmp_path / 'disk' / 'run'}: cannot be written (")
    assert said.count("\n") == 1
