"""The examples in the docstrings of runs are right."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["reading", "statistics"])
def test_examples_are_right(name):
    failed, tried = doctest.testmod(importlib.import_module(f"apical.runs.{name}"))
    assert tried
    assert not failed
