"""`Dataset.select` and `limit` keep what was asked for, in order."""

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
        ((True, False), "unknown"),
        ((1.0, 2.0), "unknown"),
        (3, "give a list of labels"),
    ],
)
def test_impossible_choices_are_refused(digits, classes, says):
    with pytest.raises(UsageError, match=says):
        digits.select(classes=classes)


def test_a_limit_takes_the_first_training_examples_of_each_class(digits):
    limited = digits.limit(per_class=7)
    for c in range(10):
        rows = np.flatnonzero(digits.train.y == c)[:7]
        assert np.array_equal(limited.train.x[limited.train.y == c], digits.train.x[rows])
    assert len(limited.train) == 70
    assert len(set(limited.train.y[:10].tolist())) > 1
    assert limited.test is digits.test


@pytest.mark.parametrize("per_class", [0, 1000, 2.5, "3", True])
def test_a_limit_that_a_class_cannot_meet_is_refused(digits, per_class):
    with pytest.raises(UsageError, match="rarest class"):
        digits.limit(per_class)
