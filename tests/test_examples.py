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
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed
