"""A run from before."""

import tarfile
from pathlib import Path

import pytest


@pytest.fixture
def earlier(tmp_path) -> Path:
    """A run that apical 3178e4b left, whose checkpoints of epochs 5 and 6 Orbax wrote."""
    with tarfile.open(Path(__file__).with_name("orbax_run.tar.xz")) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "run"
