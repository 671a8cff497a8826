"""Commands whose output, or whose cache of compiled programs, meets a full disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apical.cli.compiled_programs import remove_cut_off
from apical.cli.main import _in_one_line, main
from apical.data import download
from tests.disks import mounted

FULL = Path("/dev/full")
full = pytest.mark.skipif(not FULL.exists(), reason="/dev/full is a device of Linux")


@full
@pytest.mark.parametrize(
    ("words", "unbuffered"), [("--help", ""), ("--help", "1"), ("data list", "")]
)
def test_output_that_cannot_be_written_is_told_once(words, unbuffered):
    """A whole process: Python itself complains as it ends, if it is let to."""
    with FULL.open("w") as out:
        ended = subprocess.run(
            [sys.executable, "-m", "apical", *words.split()],
            stdout=out,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == (
        "apical: standard output: cannot be written (No space left on device), what was there "
        "before is kept; make room on its disk or choose another path, and run the command again\n"
    )


@full
def test_a_run_whose_output_cannot_be_written_goes_on_with_resume(tmp_path, monkeypatch, capsys):
    train = f"train fa --data iris --batch-size 30 --epochs 1 --hidden 4 --out {tmp_path / 'run'}"
    with FULL.open("w") as out, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as ended:
            main(train.split())
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("apical: standard output: cannot be written (No sp")
    main([*train.split(), "--resume"])
    assert (tmp_path / "run" / "summary.json").exists()


def test_a_warning_of_ours_is_one_line():
    another = "/usr/lib/python3/numbers.py"
    assert _in_one_line("no room", UserWarning, download.__file__, 1) == "apical: no room\n"
    assert another in _in_one_line("no room", UserWarning, another, 1)


COMPILE = """
from apical.cli.compiled_programs import keep_compiled_programs
keep_compiled_programs()
import jax
jax.jit(lambda x: x + 1)(1.0)
jax.jit(lambda x: x @ x)(jax.numpy.ones((3, 3)))
"""


def compile_some(cache: Path) -> str:
    environment = {
        **os.environ,
        "APICAL_CACHE": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    ended = subprocess.run(
        [sys.executable, "-c", COMPILE], env=environment, capture_output=True, text=True, check=True
    )
    return ended.stderr


def test_a_cache_without_room_is_no_reason_to_stop_or_to_complain(tmp_path):
    """And once there is room, what was cut off is compiled again and kept."""
    disk = tmp_path / "disk"
    with mounted(disk, "size=8k") as change:
        assert compile_some(disk) == ""
        sizes = [entry.stat().st_size for entry in (disk / "xla").iterdir()]
        assert any(size % 4096 == 0 for size in sizes)
        change("size=1m")
        assert compile_some(disk) == ""
        again = [entry.stat().st_size for entry in (disk / "xla").iterdir()]
        assert len(again) >= len(sizes)
        assert not any(size % 4096 == 0 for size in again)


def test_a_cache_that_cannot_be_made_is_no_reason_either(tmp_path):
    (tmp_path / "file").touch()
    assert compile_some(tmp_path / "file") == ""


def test_only_programs_that_were_cut_off_are_removed(tmp_path):
    for name, size in {"a-cache": 0, "b-cache": 8192, "c-cache": 8191, "other": 0}.items():
        (tmp_path / name).write_bytes(b"x" * size)
    remove_cut_off(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"c-cache", "other"}
