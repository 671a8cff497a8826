"""The examples in the docstrings of this room are true."""

import doctest
import importlib
import pkgutil

import pytest

import apical.reproduce

MODULES = [m.name for m in pkgutil.iter_modules(apical.reproduce.__path__, "apical.reproduce.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed
