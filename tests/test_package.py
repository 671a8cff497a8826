"""The package's names, which wait for nothing; its wheel, small and with what the commands read."""

import subprocess
import sys
import zipfile
from pathlib import Path
from pkgutil import iter_modules

import pytest

import apical
from apical import rules

ROOT = Path(__file__).parents[1]
LARGEST, MOST_FILES = 11.5e6, 400


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
    needed -= {papers / name / "records.jsonl.xz" for name in ("itd", "local_stdp")}
    assert {path.relative_to(ROOT / "src").as_posix() for path in needed} <= packed
    assert not [name for name in packed if "/results/" in name or name.endswith(".png")]


def test_the_citation_is_of_this_version():
    cited = (ROOT / "CITATION.cff").read_text().splitlines()
    assert f"version: {apical.__version__}" in cited


def test_every_name_every_rule_and_every_room_is_there():
    rooms = {room.name for room in iter_modules(apical.__path__) if room.name[0] != "_"}
    named = {rule.__name__ for rule in rules.RULES}
    assert rooms | named | {"fit", "load", "Settings", "RULES", "Rule"} <= {*dir(apical)}
    assert {*dir(apical)} == rooms | {*apical.__all__}
    assert not rooms & {*apical.__all__}
    for name in dir(apical):
        found = getattr(apical, name)
        assert getattr(found, "__name__", name).rpartition(".")[2] == name
    starred: dict[str, object] = {}
    exec("from apical import *", starred)
    assert {*apical.__all__} == starred.keys() - {"__builtins__"}


@pytest.mark.parametrize("name", ["bp", "fiit", "_private"])
def test_what_is_no_name_of_the_package_is_an_attribute_error(name):
    with pytest.raises(AttributeError, match=f"'apical' has no attribute '{name}'"):
        getattr(apical, name)


def test_names_are_listed_and_rooms_found_without_jax():
    code = "import apical, sys; dir(apical); apical.data"
    code += "; sys.exit('jax' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
