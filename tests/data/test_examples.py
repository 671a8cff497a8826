"""What a user calls in this room has an example; `tests/test_examples.py` runs them."""

import pytest

import apical.data

PUBLIC = [getattr(apical.data, name) for name in apical.data.__all__]


@pytest.mark.parametrize("thing", PUBLIC, ids=lambda thing: thing.__name__)
def test_what_a_user_calls_has_an_example(thing):
    assert ">>> " in thing.__doc__
