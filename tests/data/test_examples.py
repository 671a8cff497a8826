"""The examples in the docstrings of this room are true."""

import doctest
import importlib
import pkgutil

import pytest

import apical.data

MODULES = [m.name for m in pkgutil.walk_packages(apical.data.__path__, "apical.data.")]
PUBLIC = [getattr(apical.data, name) for name in apical.data.__all__]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed


@pytest.mark.parametrize("thing", PUBLIC, ids=lambda thing: thing.__name__)
def test_what_a_user_calls_has_an_example(thing):
    assert ">>> " in thing.__doc__
