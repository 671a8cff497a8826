"""A folder serves one paper."""

import pytest

from apical.cli.reproduce import main
from apical.errors import UsageError
from apical.reproduce.out_folder import reserve


def test_a_folder_remembers_its_paper(tmp_path):
    reserve(tmp_path, "itd")
    reserve(tmp_path, "itd")
    with pytest.raises(UsageError, match=r"holds the reproduction of itd.*choose another --out"):
        reserve(tmp_path, "local-stdp")
    reserve(tmp_path, "itd")


def test_a_damaged_note_is_named(tmp_path):
    note = tmp_path / ".paper"
    note.write_bytes(b"\x94\x00\xff")
    with pytest.raises(UsageError, match=r"\.paper: expected the name of the paper.*delete it"):
        reserve(tmp_path, "itd")
    assert note.read_bytes() == b"\x94\x00\xff"
    note.unlink()
    note.mkdir()
    with pytest.raises(UsageError, match=r"\.paper: expected the name of the paper"):
        reserve(tmp_path, "itd")


def test_a_folder_of_other_things_is_not_taken(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"holds no reproduction but other files \(config.json"):
        reserve(tmp_path, "itd")
    (tmp_path / "config.json").rename(tmp_path / "claims.json")
    reserve(tmp_path, "itd")


def test_the_command_refuses_before_anything_is_overwritten(tmp_path):
    reserve(tmp_path, "ghost-units")
    (tmp_path / "claims.json").write_text("theirs")
    with pytest.raises(UsageError, match="the reproduction of ghost-units"):
        main(["itd", "--protocol", "smoke", "--out", str(tmp_path)])
    assert (tmp_path / "claims.json").read_text() == "theirs"
    assert not (tmp_path / "runs").exists()
