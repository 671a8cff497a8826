"""Differences against published examples, their statistics against simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest

from apical.comparison.differences import Difference, differences, holm, seeds_needed

SLEEP = {  # Student 1908: hours of sleep gained by two drugs, ten patients
    "first": dict(enumerate([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])),
    "second": dict(enumerate([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])),
}


def test_students_sleep_data():
    """t = -4.0621, p = 0.002833, 95 % interval (-2.46, -0.70): R's t.test(paired = TRUE)."""
    [found] = differences(SLEEP, [("first", "second")])
    assert found.n == 10
    assert found.mean == pytest.approx(-1.58)
    assert found.half_width == pytest.approx((2.4598858 - 0.7001142) / 2, abs=1e-6)
    assert found.p == pytest.approx(0.002833, abs=1e-6)
    assert found.effect * math.sqrt(10) == pytest.approx(-4.0621, abs=1e-4)
    # Of 2^10 flips of signs, 2 come so far: the nine that are not zero all of one sign.
    assert found.p_permutation == pytest.approx(4 / 1024)
    assert found.distinguishable
    assert "first is 158.00 ± 87.99 points behind second (n = 10" in found.words


def test_holms_adjustment():
    """The four p values of the example in Holm's step-down method, worked by hand."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6, 0.7]) == [1.0, 1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(("effect", "n"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_the_seeds_needed_are_those_of_the_textbook(effect, n):
    """Of a two-sided paired t test at .05 with a power of .8 (G*Power 3: 199, 34, 15 and 10)."""
    assert seeds_needed(effect) == seeds_needed(-effect) == n


@pytest.mark.parametrize("effect", [1.5, 2.5, 4.0, 11.0])
def test_with_so_many_seeds_four_of_five_tests_see_it(effect):
    from scipy.stats import t

    def seen(n):
        draws = np.random.default_rng(0).normal(effect, 1, (20_000, n))
        score = np.sqrt(n) * draws.mean(axis=1) / draws.std(axis=1, ddof=1)
        return np.mean(np.abs(score) > t.isf(0.025, n - 1))

    n = seeds_needed(effect)
    assert n is not None
    assert seen(n) > 0.79
    assert n == 2 or seen(n - 1) < 0.81


def test_of_what_is_too_small_or_unknown_no_number_is_told():
    assert [seeds_needed(effect) for effect in (0.0, math.nan, 1e-5)] == [None] * 3
    assert seeds_needed(math.inf) == 2


def test_p_values_are_adjusted_for_all_pairs():
    rng = np.random.default_rng(1)
    scores = {name: dict(enumerate(rng.normal(i, 1, 5))) for i, name in enumerate("abc")}
    pairs = [("b", "a"), ("c", "a"), ("c", "b")]
    found = differences(scores, pairs)
    assert [d.p_holm for d in found] == pytest.approx(holm([d.p for d in found]))
    assert [d.p for d in found] == [differences(scores, [pair])[0].p for pair in pairs]


def test_few_seeds_are_not_distinguishable_in_words():
    scores = {"a": {0: 0.9, 1: 0.92, 2: 0.91}, "b": {0: 0.91, 1: 0.91, 2: 0.92}}
    [found] = differences(scores, [("a", "b")])
    assert found.words.startswith("a and b are not distinguishable at n = 3; about ")
    assert found.p_permutation >= 2 / 2**3


def test_seeds_that_one_lacks_are_left_out():
    scores = {"a": {0: 0.5, 1: 0.7, 2: 0.9}, "b": {1: 0.6, 2: 0.7, 3: 0.1}}
    [found] = differences(scores, [("a", "b")])
    assert (found.n, found.mean) == (2, pytest.approx(0.15))
    with pytest.raises(ValueError, match="no seed in common"):
        differences({"a": {0: 0.5}, "b": {1: 0.5}}, [("a", "b")])


def test_one_seed_says_nothing():
    [found] = differences({"a": {0: 0.5}, "b": {0: 0.6}}, [("a", "b")])
    assert math.isnan(found.half_width)
    assert not found.distinguishable
    assert found.words == "a and b: one seed tells nothing of a difference"


def test_differences_that_are_all_alike():
    same = {seed: 0.9 - 0.01 * seed for seed in range(3)}
    lower = {seed: value - 0.05 for seed, value in same.items()}
    far, near = differences({"a": same, "b": lower, "c": same}, [("b", "a"), ("c", "a")])
    assert (far.p, far.p_permutation, far.seeds_needed) == (0.25, 0.25, None)
    assert math.isnan(far.effect)
    assert not far.distinguishable
    assert (near.p, near.effect, near.seeds_needed) == (1.0, 0.0, None)
    assert isinstance(near, Difference)


def test_no_more_seeds_are_named_than_there_were():
    scores = {"a": {0: 0.9, 1: 0.9}, "b": {0: 0.95, 1: 0.951}, "c": {0: 0.93, 1: 0.91}}
    few, many = differences(scores, [("b", "a"), ("c", "a")])
    assert few.p < 0.05
    assert few.seeds_needed == 2
    holm = replace(few, p_holm=0.06)
    assert holm.words == "b and a are not distinguishable at n = 2"
    assert f"about {many.seeds_needed} seeds would tell" in many.words


def test_equal_rules_on_a_small_test_set_are_seldom_told_apart():
    """Scores of thirty examples take few values, so that differences are often all alike."""
    draw, told = np.random.default_rng(0), 0
    for _ in range(200):
        one, other = draw.binomial(30, 0.9, (2, 3)) / 30
        scores = {"a": dict(enumerate(one.tolist())), "b": dict(enumerate(other.tolist()))}
        told += differences(scores, [("a", "b")])[0].distinguishable
    assert told <= 0.06 * 200


def test_what_is_told_apart_is_so_after_holms_adjustment():
    gaps = [2.43, 0.43, 2.43, 0.43, 1.43]  # t = 3.2: p = .033, and .1 for three pairs alike
    scores = {"a": dict.fromkeys(range(5), 0.5)}
    scores |= {name: {s: 0.5 + 0.01 * gap for s, gap in enumerate(gaps)} for name in "bcd"}
    found = differences(scores, [(name, "a") for name in "bcd"])
    assert all(each.p < 0.05 < each.p_holm for each in found)
    assert not any(each.distinguishable for each in found)


@pytest.mark.parametrize("n", [5, 18])
def test_a_test_of_sign_flips_gives_the_same_number_again(n):
    draw = np.random.default_rng(1)
    scores = {name: dict(enumerate(draw.normal(size=n).tolist())) for name in "ab"}
    first, again = (differences(scores, [("a", "b")])[0].p_permutation for _ in range(2))
    assert first == again
