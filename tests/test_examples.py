"""The examples in the docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

import apical

SOURCE = Path(apical.__file__).parent
MODULES = [
    ".".join(("apical", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module)
    assert not failed
    # doctest does not see into some wrapped functions, and says nothing.
    assert tried == Path(str(module.__file__)).read_text().count(">>> ")
