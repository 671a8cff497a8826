"""`Dataset.select` keeps the classes asked for, in the order asked for."""

import numpy as np
import pytest

from apical.data import load
from apical.errors import UsageError


@pytest.fixture(scope="module")
def digits():
    return load("digits")


def test_labels_follow_the_order_given(digits):
    chosen = digits.select(classes=(7, 2, 5))
    assert chosen.classes == ("7", "2", "5")
    assert chosen.n_classes == 3
    for part in ("train", "validation", "test"):
        old, new = getattr(digits, part), getattr(chosen, part)
        rows = np.isin(old.y, [7, 2, 5])
        assert np.array_equal(new.x, old.x[rows])
        assert np.array_equal(np.array([7, 2, 5])[new.y], old.y[rows])
        assert new.y.dtype == np.int32
    assert chosen.preprocessing == digits.preprocessing


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ((0, 10), "unknown"),
        ((-1, 3), "unknown"),
        (("0", "1"), "unknown"),
        ((1, 1), "repeated"),
        ((1,), "at least two"),
        ((), "at least two"),
    ],
)
def test_impossible_choices_are_refused(digits, classes, says):
    with pytest.raises(UsageError, match=says):
        digits.select(classes=classes)
