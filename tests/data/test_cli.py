"""`apical data`: tables that are true, a verify that finds damage and downloads nothing."""

from unittest.mock import patch

import pytest

from apical.cli.data import list_datasets, verify, where
from apical.data.preprocessing import Scale
from apical.data.source import VerifiedSource
from apical.data.sources import SOURCES
from apical.errors import DataError, UsageError

from .conftest import files_in
from .tiny import GOOD, RAW, archive, write_tar


def never(raw, seed):
    raise AssertionError("listing and verifying parse nothing")


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """Iris and one hosted set `tiny`, in wide tables."""
    monkeypatch.setenv("COLUMNS", "400")
    tiny = VerifiedSource(
        "tiny", "us", (2,), (1, 1, 1), ("a", "b"), Scale(), archive("http://mirror/a.tar"), never
    )
    with patch.dict(SOURCES, {"iris": SOURCES["iris"], "tiny": tiny}, clear=True):
        yield


def test_list_shows_sizes_and_where_from(capsys, user):
    list_datasets()
    out = capsys.readouterr().out
    assert "90 / 30 / 30" in out
    assert "bundled (scikit-learn)" in out
    assert "not here, would download" in out
    write_tar(user / "tiny" / "tiny.tar.xz", GOOD)
    list_datasets()
    assert f"found in {user / 'tiny'}" in capsys.readouterr().out


def test_where_names_both_folders(capsys, user, cache):
    where()
    out = capsys.readouterr().out
    assert str(user) in out
    assert str(cache) in out
    assert "not there yet" in out


def test_verify_reads_every_copy_and_writes_nothing(capsys, user, cache, no_network):
    path = write_tar(user / "tiny" / "tiny.tar.xz", GOOD)
    verify()
    out = capsys.readouterr().out
    assert str(path) in out
    assert out.count("ok") == 2
    assert not files_in(cache)
    assert not no_network


def test_verify_finds_the_damaged_copy_behind_a_good_one(capsys, user, cache):
    path = write_tar(user / "tiny" / "tiny.tar.xz", GOOD[:1])
    (cache / "tiny").mkdir(parents=True)
    for name, raw in RAW.items():
        (cache / "tiny" / name).write_bytes(raw)
    with pytest.raises(DataError, match=str(path)):
        verify(("tiny",))
    out = capsys.readouterr().out
    assert "damaged" in out
    assert "ok" in out


def test_verify_skips_what_is_not_here_unless_named(no_network):
    verify()
    with pytest.raises(DataError, match="tiny: not here"):
        verify(("tiny",))
    assert not no_network


def test_verify_refuses_unknown_names():
    with pytest.raises(UsageError, match="iris"):
        verify(("irsi",))
