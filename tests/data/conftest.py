"""No test may see the user's folders or the network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from apical.errors import DataError

REAL = os.environ.get("APICAL_DATA")  # as it was before the fixtures below hide it


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the test's own, not made yet; APICAL_DATA is unset."""
    monkeypatch.delenv("APICAL_DATA", raising=False)
    monkeypatch.setenv("APICAL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty $APICAL_DATA."""
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("APICAL_DATA", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every download fails at once; the list holds the addresses that were asked for."""
    asked: list[str] = []

    def refuse(url: str, path: Path) -> None:
        asked.append(url)
        raise DataError(f"{url}: no network in tests")

    monkeypatch.setattr("apical.data.download._fetch", refuse)
    return asked


def real(name: str) -> Path:
    """The folder of a real data set, or skip."""
    if not REAL or not Path(REAL, name).is_dir():
        pytest.skip(f"needs {name}: set APICAL_DATA to a folder that holds {name}/")
    return Path(REAL, name).absolute()


def files_in(folder: Path) -> set[str]:
    """Every file below the folder, partial ones too; empty if there is no folder."""
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
