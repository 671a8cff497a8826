"""A file is written whole or not at all."""

import errno
import os

import pytest

from apical.errors import WriteError
from apical.runs.writing import write_whole


def test_a_file_holds_the_text_or_the_bytes(tmp_path):
    write_whole(tmp_path / "new" / "text.csv", "a,b\n")
    write_whole(tmp_path / "new" / "image.png", b"\x00\xff")
    assert (tmp_path / "new" / "text.csv").read_bytes() == b"a,b\n"
    assert (tmp_path / "new" / "image.png").read_bytes() == b"\x00\xff"


def test_a_full_disk_is_told_and_the_earlier_file_is_kept(small_disk):
    path = small_disk / "results.csv"
    write_whole(path, "earlier")
    with pytest.raises(
        WriteError, match=r"results\.csv: cannot be written \(No space left"
    ) as told:
        write_whole(path, "later" * 100_000)
    assert "\n" not in str(told.value)
    assert path.read_text() == "earlier"
    assert list(small_disk.iterdir()) == [path]


def test_what_is_written_by_half_when_the_disk_fills_up_is_removed(tmp_path, monkeypatch):
    """The same where no disk may be mounted."""

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "results.csv"
    write_whole(path, "earlier")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="No space left"):
        write_whole(path, "later")
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "thesis").touch()
    with pytest.raises(WriteError, match="cannot be written"):
        write_whole(tmp_path / "thesis" / "results.csv", "text")
