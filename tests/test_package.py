"""The wheel is small, and holds what the commands read."""

import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LARGEST, MOST_FILES = 11.5e6, 350


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(path)


def test_it_is_small(wheel):
    assert wheel.stat().st_size < LARGEST
    assert len(zipfile.ZipFile(wheel).namelist()) < MOST_FILES


def test_it_holds_what_papers_are_made_of_and_not_what_they_show(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    papers = ROOT / "src" / "apical" / "papers"
    needed = {path for kind in ("py", "toml", "csv", "xz") for path in papers.glob(f"*/*.{kind}")}
    assert {path.relative_to(ROOT / "src").as_posix() for path in needed} <= packed
    assert not [name for name in packed if "/results/" in name or name.endswith(".png")]
