"""A budget is the same amount for every size of minibatches, and says so in epochs and steps."""

import pytest

from apical import Epochs, Examples, Seconds, Updates, UsageError
from apical.comparison.budgets import Budget
from apical.settings import Settings
from apical.training.order import steps_in_epoch
from apical.values.value import parse

N = 1_000


def updates(settings):
    return settings.epochs * steps_in_epoch(settings, N)


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
@pytest.mark.parametrize("amount", [1, 9, 10, 11, 999, 12_345])
def test_updates_are_spent_to_half_a_step_an_epoch(size, amount):
    chosen = Updates(amount).spend(Settings(batch_size=size), N)
    assert abs(updates(chosen) - amount) <= max(chosen.epochs / 2, 0.5)
    # No epoch is begun that is not needed.
    assert (chosen.epochs - 1) * (N // size) < amount


@pytest.mark.parametrize("size", [1, 10, 100])
def test_examples_are_the_same_for_every_size_of_minibatches(size):
    chosen = Examples(2_500).spend(Settings(batch_size=size), N)
    assert abs(updates(chosen) * size - 2_500) <= size * chosen.epochs / 2


def test_seconds_pay_for_as_many_steps_as_they_hold():
    chosen = Seconds(3.0).spend(Settings(batch_size=100), N, step=0.05)
    assert updates(chosen) == 60


def test_epochs_are_whole_ones():
    asked = Settings(batch_size=100, epochs=3, steps_per_epoch=2)
    chosen = Epochs(4).spend(asked, N)
    assert (chosen.epochs, chosen.steps_per_epoch) == (4, None)


def test_what_is_less_than_a_step_is_one():
    assert updates(Seconds(0.01).spend(Settings(batch_size=100), N, step=1.0)) == 1


def test_nothing_else_of_the_settings_changes():
    asked = Settings(batch_size=50, lr=0.5)
    chosen = Updates(7).spend(asked, N)
    assert chosen == Settings(batch_size=50, lr=0.5, epochs=1, steps_per_epoch=7)


@pytest.mark.parametrize(
    ("spelled", "means"),
    [("updates:6000", Updates(6000)), ("seconds:1.5", Seconds(1.5)), ("epochs:3", Epochs(3))],
)
def test_they_are_spelled_as_any_value(spelled, means):
    assert parse(Budget, spelled) == means


@pytest.mark.parametrize("spelled", ["updates:0", "seconds:0", "seconds:nan", "examples:-1"])
def test_an_amount_that_is_none_is_refused(spelled):
    with pytest.raises(UsageError, match=r"budget, (updates|seconds|examples): must be"):
        parse(Budget, spelled)
