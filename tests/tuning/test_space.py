"""Draws keep to their ranges and laws and depend on (seed, number, name) alone."""

import dataclasses

import numpy as np
import pytest

from apical import DTP, FA, Choice, Linear, Log, Settings, UsageError, Whole
from apical.rules import RULES
from apical.rules.target_propagation.inverses import NoisePreserving
from apical.tuning.space import check, draw, place
from apical.values.ranges import Range
from apical.values.spelling import spell
from apical.values.value import parse

SPACE = {"lr": Log(1e-5, 1e-1), "alpha": Linear(0.2, 0.6), "batch_size": Whole(3, 7)}
SPACE |= {"optimizer_args.eps": Choice((1e-8, 1e-4, 1e-6))}


def drawn(name: str, draws: int = 3000) -> np.ndarray:
    return np.array([draw({name: SPACE[name]}, 1, number)[name] for number in range(draws)])


def distance_from_uniform(shares: np.ndarray) -> float:
    """Kolmogorov's statistic times the root of the sample's size; above 1.95 once in 1000."""
    expected = (np.arange(len(shares)) + 0.5) / len(shares)
    return float(np.sqrt(len(shares)) * np.abs(np.sort(shares) - expected).max())


def test_a_draw_is_the_same_in_every_session():
    # Recorded: a search that goes on with another version must go on with the same draws.
    assert draw({"lr": Log(1e-4, 1e-2)}, seed=0, number=0) == {"lr": 0.003283}
    assert draw({"lr": Log(1e-4, 1e-2)}, seed=0, number=2) == {"lr": 0.0002441}


def test_seed_number_and_name_each_change_a_draw_and_other_ranges_do_not():
    space: dict[str, Range] = {"lr": Log(1e-4, 1e-2)}
    lr = draw(space, 3, 5)["lr"]
    assert draw({"alpha": Linear(0, 1), **space}, 3, 5)["lr"] == lr
    others = [draw(space, 4, 5), draw(space, 3, 6), draw({"learned_lr": space["lr"]}, 3, 5)]
    assert lr not in [value for other in others for value in other.values()]


def test_an_interval_is_spread_evenly_on_its_scale():
    lr = drawn("lr")
    assert lr.min() >= 1e-5
    assert lr.max() <= 1e-1
    assert distance_from_uniform((np.log10(lr) + 5) / 4) < 1.95
    alpha = drawn("alpha")
    assert alpha.min() >= 0.2
    assert alpha.max() <= 0.6
    assert distance_from_uniform((alpha - 0.2) / 0.4) < 1.95


@pytest.mark.parametrize(
    ("name", "values"), [("batch_size", range(3, 8)), ("optimizer_args.eps", (1e-8, 1e-4, 1e-6))]
)
def test_whole_numbers_and_choices_are_all_as_likely(name, values):
    found, counts = np.unique(drawn(name), return_counts=True)
    assert found.tolist() == sorted(values)
    assert np.abs(counts - 3000 / len(found)).max() < 4 * np.sqrt(3000 / len(found))


def test_ends_belong_to_a_range_and_rounding_does_not_leave_it():
    for span, low, high in [
        (Log(1.23456e-5, 9.87654e-2), 1.23456e-5, 9.87654e-2),
        (Linear(-1.23456, 2.34567), -1.23456, 2.34567),
        (Whole(2, 4), 2, 4),
        (Choice((5.0, 6.0)), 5, 6),
    ]:
        ends = span.at(0.0), span.at(1.0)
        assert low <= ends[0] < ends[1] <= high
        assert ends == pytest.approx((low, high), rel=5e-4)


@pytest.mark.parametrize(
    "text", ["log:1e-05,0.001", "linear:0.1,0.2", "whole:2,9", "choice:0.0001/1e-08"]
)
def test_ranges_are_spelled_as_they_are_parsed(text):
    assert spell(parse(Range, text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log:0,1", "positive"),
        ("linear:2,1", "below"),
        ("linear:0,inf", "below"),
        ("whole:3,3", "below"),
        ("choice:1/1", "different"),
        ("logg:1,2", "did you mean 'log'"),
        ("log:1", "high is missing"),
    ],
)
def test_ranges_that_are_none_are_refused(text, words):
    with pytest.raises(UsageError, match=words):
        parse(Range, text)


def test_values_reach_their_places_and_nothing_else_changes():
    settings = Settings(optimizer_args={"b1": 0.8}, lr=0.5)
    values = {"lr": 0.1, "optimizer_args.eps": 1e-4, "batch_size": 7, "alpha": 0.3}
    rule, placed = place({**values, "inverse.sigma": 0.4}, DTP(), settings)
    assert rule == DTP(alpha=0.3, inverse=NoisePreserving(0.4))
    args = {"b1": 0.8, "eps": 1e-4}
    assert placed == dataclasses.replace(settings, lr=0.1, batch_size=7, optimizer_args=args)
    assert settings.optimizer_args == {"b1": 0.8}


@pytest.mark.parametrize("rule", [cls() for cls in RULES], ids=lambda rule: rule.name)
def test_every_rules_own_space_fits_it(rule):
    check(rule.space, rule, rule.recipe)


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({}, "recommends none"),
        ({"lrr": Log(1e-4, 1e-2)}, "did you mean 'lr'"),
        ({"inverse.sigm": Linear(0.1, 0.2)}, "did you mean 'inverse.sigma'"),
        ({"optimizer": Linear(0.1, 0.2)}, "there is no 'optimizer'"),
        ({"hidden": Whole(1, 2)}, "hidden is a list, and only single numbers are searched"),
        ({"optimizer_args.epps": Linear(0.1, 0.2)}, "did you mean 'eps'"),
        ({"batch_size": Linear(10, 20)}, "takes whole numbers"),
        ({"batch_size": Choice((10, 20.5))}, "takes whole numbers"),
        ({"lr": Linear(-1, 1)}, "lr: must be a positive finite number"),
        ({"alpha": Linear(-1, 1)}, "alpha: must be a positive finite number"),
    ],
)
def test_a_space_that_does_not_fit_is_refused(space, words):
    with pytest.raises(UsageError, match=words):
        check(space, DTP(), DTP.recipe)


def test_what_another_rule_has_is_unknown():
    with pytest.raises(UsageError, match="there is no 'alpha'"):
        check({"alpha": Linear(0.1, 0.2)}, FA(), FA.recipe)
