"""Verdicts on runs whose numbers are known."""

import json
import math
import statistics
from datetime import date

import pytest

from apical import BP, Settings
from apical.reproduce.claims import Aim, Claim
from apical.reproduce.evidence import Evidence
from apical.reproduce.judgement import (
    Above,
    AboveAll,
    Below,
    Every,
    Most,
    Near,
    Order,
    Value,
    Verdict,
    Within,
    by_interval,
)
from apical.values.spelling import encode


@pytest.fixture
def evidence(tmp_path):
    """Experiments of four seeds, two epochs; the metric is what each seed got."""
    data = {"name": "none", "classes": []}
    asked = {"rule": encode(BP()), "data": data, "settings": Settings().to_json(), "seeds": 1}

    def run(experiment, seed, values, status="finished"):
        folder = tmp_path / experiment / f"seed-{seed}"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(asked | {"seed": seed}))
        summary = {"status": status, "epochs": [len(values)]}
        (folder / "summary.json").write_text(json.dumps(summary))
        timed = {"seed": seed, "seconds": 1.0, "seconds_measuring": 0.1}
        rows = [timed | {"epoch": e, "m": v} for e, v in enumerate(values, start=1)]
        (folder / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))

    for seed, noise in enumerate([-0.01, 0.0, 0.0, 0.01]):
        run("high", seed, [0.5, 0.9 + noise])
        run("low", seed, [0.4, 0.8 + noise])
        # In order on average, but not seed by seed.
        run("mixed", seed, [0.4, 0.79 - 6 * noise])
        run("broken", seed, [0.4, math.nan if seed == 3 else 0.8])
        if seed > 0:
            run("shifted", seed, [0.4, 0.8 - 6 * noise])
        if seed < 2:
            run("few", seed, [0.5, 0.9])
        run("unstable", seed, [0.5, 0.9])
    run("unstable", 4, [0.1], status="diverged")
    run("high", 4, [0.1, 0.1], status="interrupted")
    return Evidence(tmp_path)


def test_only_finished_runs_count(evidence):
    assert evidence.at("high", "m") == pytest.approx({0: 0.89, 1: 0.9, 2: 0.9, 3: 0.91})
    assert evidence.values("high@1", "m") == [0.5] * 4
    assert evidence.at("high@7", "m") == {}
    assert evidence.at("none", "m") == {}


def test_a_caption_is_told_of_seeds_and_epochs(evidence):
    assert evidence.ran(["high", "few", "none"]) == ([4, 2], [2] * 6)


@pytest.mark.parametrize(
    ("mean", "half", "verdict"),
    # Demanded is a mean between 0 and 1.
    [
        (0.5, 0.4, Verdict.REPRODUCED),
        (0.5, 0.6, Verdict.PARTIAL),
        (0.1, 0.2, Verdict.PARTIAL),
        (0.9, 0.2, Verdict.PARTIAL),
        (-0.1, 0.2, Verdict.UNDECIDED),
        (1.1, 0.2, Verdict.UNDECIDED),
        (-0.3, 0.2, Verdict.NOT_REPRODUCED),
        (1.3, 0.2, Verdict.NOT_REPRODUCED),
        (0.5, math.nan, Verdict.UNDECIDED),
        (math.nan, math.nan, Verdict.UNDECIDED),
        (0.0, 0.0, Verdict.NOT_REPRODUCED),
        (0.5, 0.0, Verdict.REPRODUCED),
    ],
)
def test_an_interval_decides_where_it_lies_on_one_side(mean, half, verdict):
    assert by_interval(mean, half, 0.0, 1.0) is verdict
    assert by_interval(-mean, half, -1.0, 0.0) is verdict


@pytest.mark.parametrize(
    ("paper", "verdict"),
    # The half-width is 3.18 * 0.00816 / 2 = 0.0130, that of one more run sqrt(5) times it: 0.0291.
    [
        (0.9, Verdict.REPRODUCED),
        (0.928, Verdict.REPRODUCED),
        (0.872, Verdict.REPRODUCED),
        (0.930, Verdict.NOT_REPRODUCED),
        (0.870, Verdict.NOT_REPRODUCED),
    ],
)
def test_a_single_published_run_is_one_more_draw(evidence, paper, verdict):
    found = Value("high@2", "m", paper).judge(evidence)
    assert found.verdict is verdict
    assert found.ours == pytest.approx(0.9)
    assert found.ci95 == pytest.approx(0.01299, abs=1e-4)
    assert found.n == 4
    assert found.note.endswith("a further run of ours: ± 0.0291")


def test_runs_that_differ_too_much_decide_nothing_for_a_number(evidence):
    """One more run of ours lies within ± .0291."""
    assert Value("high@2", "m", 0.9, widest=0.029).judge(evidence).verdict is Verdict.UNDECIDED
    assert Value("high@2", "m", 0.9, widest=0.030).judge(evidence).verdict is Verdict.REPRODUCED
    assert Value("high@2", "m", 0.95, widest=0.09).judge(evidence).verdict is Verdict.NOT_REPRODUCED


ONE_OF_EACH = {
    "value": lambda term: Value(term, "m", 0.9),
    "within": lambda term: Within(term, "m", 0.9, 0.1),
    "above": lambda term: Above(term, "m", 0.1),
    "below": lambda term: Below(term, "m", 1.0),
    "every": lambda term: Every(term, "m", 0.1),
    "order": lambda term: Order("m", [term, "low@1"]),
    "above-all": lambda term: AboveAll("m", term, ["low@1"]),
    "near": lambda term: Near("m", term, "low@1", 0.1),
    "most": lambda term: Most([[term, "low@1"]], ["m"]),
}
"""Demands that any numbers meet."""


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_no_kind_decides_by_few_seeds_or_by_what_is_no_number(evidence, kind):
    of = ONE_OF_EACH[kind]
    assert of("high").judge(evidence).verdict is Verdict.REPRODUCED
    few = of("few").judge(evidence)
    assert few.verdict is Verdict.UNDECIDED
    assert (few.n, few.note) == (2, "2 seeds, at least 3 are needed")
    assert of("missing").judge(evidence).verdict is Verdict.NOT_RUN
    assert of("broken").judge(evidence).verdict is Verdict.UNDECIDED


def test_few_seeds_are_shown(evidence):
    mean = statistics.fmean(evidence.values("few", "m"))
    assert Within("few", "m", 0.9, 0.01).judge(evidence).ours == mean
    assert Below("few", "m", 1.0).judge(evidence).ours == mean


def test_an_order_pairs_seeds_not_places(evidence):
    """`shifted` lacks seed 0, and is above `mixed` by the same amount in every other seed."""
    found = Order("m", ["shifted", "mixed"]).judge(evidence)
    assert found.n == 3
    assert found.verdict is Verdict.REPRODUCED


def test_an_order_needs_every_paired_interval(evidence):
    def verdict(*terms):
        return Order("m", list(terms)).judge(evidence).verdict

    assert verdict("high", "low") is Verdict.REPRODUCED
    assert verdict("low", "mixed") is Verdict.PARTIAL
    assert verdict("high", "low", "mixed") is Verdict.PARTIAL
    assert verdict("low", "high") is Verdict.NOT_REPRODUCED
    assert verdict("high@2", "high@1") is Verdict.REPRODUCED
    assert verdict("high", "missing") is Verdict.NOT_RUN


def test_a_difference_whose_interval_spans_zero_is_undecided_on_the_wrong_side(evidence):
    """`mixed` is .01 below `low`, give or take .091."""

    def verdict(*terms):
        return Order("m", list(terms)).judge(evidence).verdict

    assert verdict("mixed", "low") is Verdict.UNDECIDED
    assert verdict("high", "mixed", "low") is Verdict.UNDECIDED
    assert verdict("mixed", "low", "high") is Verdict.NOT_REPRODUCED
    assert verdict("high", "high") is Verdict.NOT_REPRODUCED


def test_one_difference_of_several_refutes_by_an_interval_for_all_of_them(evidence):
    """`mixed` is .11 below `high`, give or take .091 at 95 % and .119 at 97.5 %."""

    def verdict(*terms):
        return Order("m", list(terms)).judge(evidence).verdict

    assert verdict("mixed", "high") is Verdict.NOT_REPRODUCED
    assert verdict("high@1", "low@1", "low@1") is Verdict.NOT_REPRODUCED
    assert verdict("mixed", "high", "low") is Verdict.UNDECIDED
    assert AboveAll("m", "mixed", ["high", "low@1"]).judge(evidence).verdict is Verdict.UNDECIDED
    # Each alone lies above, by its own interval, and so all do.
    assert verdict("high", "mixed", "low@1") is Verdict.REPRODUCED
    for several in (Order("m", ["a", "b", "c"]), AboveAll("m", "a", ["b", "c"])):
        assert "2 differences, each of 97.5 %" in several.rule
    assert Order("m", ["a", "b"]).rule.endswith("above zero")


def test_above(evidence):
    def verdict(value):
        return Above("high", "m", value).judge(evidence).verdict

    assert verdict(0.88) is Verdict.REPRODUCED
    assert verdict(0.89) is Verdict.PARTIAL
    assert verdict(0.91) is Verdict.UNDECIDED
    assert verdict(0.92) is Verdict.NOT_REPRODUCED


def test_above_all_takes_the_worst(evidence):
    def verdict(term, *others):
        return AboveAll("m", term, list(others)).judge(evidence).verdict

    assert verdict("high", "low", "low@1") is Verdict.REPRODUCED
    assert verdict("low", "high@1", "mixed") is Verdict.PARTIAL
    assert verdict("mixed", "low", "low@1") is Verdict.UNDECIDED
    assert verdict("low", "high", "mixed") is Verdict.NOT_REPRODUCED
    assert verdict("low", "missing", "mixed") is Verdict.NOT_RUN
    assert verdict("low", "few", "mixed") is Verdict.UNDECIDED


def test_below_mirrors_above(evidence):
    def verdict(value):
        return Below("high", "m", value).judge(evidence).verdict

    assert verdict(0.93) is Verdict.REPRODUCED
    assert verdict(0.91) is Verdict.PARTIAL
    assert verdict(0.89) is Verdict.UNDECIDED
    assert verdict(0.88) is Verdict.NOT_REPRODUCED
    assert Below("high", "m", 0.9).demand == "< 0.9"
    assert Above("high", "m", 0.9).demand == "> 0.9"


def test_within_looks_at_the_interval(evidence):
    """It is .9 ± .013."""

    def verdict(term, off, distance=0.02):
        return Within(term, "m", 0.9 + off, distance).judge(evidence).verdict

    assert verdict("high", 0.005) is Verdict.REPRODUCED
    assert verdict("high", 0.01) is Verdict.PARTIAL
    assert verdict("high", -0.015) is Verdict.PARTIAL
    assert verdict("high", 0.0, distance=0.01) is Verdict.PARTIAL
    assert verdict("high", 0.03) is Verdict.UNDECIDED
    assert verdict("high", -0.035) is Verdict.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("value", "verdict", "reached"),
    # The seeds got 0.89, 0.9, 0.9 and 0.91.
    [
        (0.89, Verdict.REPRODUCED, "4 of 4"),
        (0.9, Verdict.NOT_REPRODUCED, "3 of 4"),
        (0.905, Verdict.NOT_REPRODUCED, "1 of 4"),
    ],
)
def test_every_means_every_seed(evidence, value, verdict, reached):
    found = Every("high", "m", value).judge(evidence)
    assert (found.verdict, found.ours, found.n) == (verdict, reached, 4)
    assert "lowest 0.8900" in found.note


@pytest.mark.parametrize(
    ("term", "margin", "verdict"),
    # low is 0.1 below high in each seed; mixed 0.11 on average, with a half-width of 0.091.
    [
        ("low", 0.11, Verdict.REPRODUCED),
        ("low", 0.09, Verdict.NOT_REPRODUCED),
        ("mixed", 0.21, Verdict.REPRODUCED),
        ("mixed", 0.15, Verdict.PARTIAL),
        ("mixed", 0.05, Verdict.UNDECIDED),
        ("mixed", 0.01, Verdict.NOT_REPRODUCED),
    ],
)
def test_near_is_within_a_margin_seed_by_seed(evidence, term, margin, verdict):
    assert Near("m", term, "high", margin).judge(evidence).verdict is verdict


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        (["high low", "high low@1", "low high"], Verdict.REPRODUCED),
        (["high low", "low high"], Verdict.NOT_REPRODUCED),
        (["low high", "low high"], Verdict.NOT_REPRODUCED),
        (["high low", "low mixed"], Verdict.UNDECIDED),
        (["high low", "low mixed", "low mixed"], Verdict.UNDECIDED),
        (["high low", "high few"], Verdict.UNDECIDED),
        (["high low", "high none"], Verdict.NOT_RUN),
    ],
)
def test_most_counts_the_cases_that_are_decided(evidence, pairs, verdict):
    assert Most([pair.split() for pair in pairs], ["m"]).judge(evidence).verdict is verdict


def test_most_judges_its_cases_by_intervals_that_hold_together(evidence):
    """Of two cases, at 97.5 % each, `high` and `mixed` differ by .11 ± .119."""
    cases = [["high", "mixed"], ["mixed", "high"]]
    for case in cases:
        assert Most([case], ["m"]).judge(evidence).verdict is not Verdict.UNDECIDED
    assert Most(cases, ["m"]).judge(evidence).note == "not above in 0, undecided in 2"
    assert "at 97.5 %" in Most(cases, ["m"]).rule


TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("value", "whole", "short"),
    [
        (0.88, Verdict.REPRODUCED, Verdict.IN_LINE),
        (0.89, Verdict.PARTIAL, Verdict.UNDECIDED),
        (0.91, Verdict.UNDECIDED, Verdict.UNDECIDED),
        (0.92, Verdict.NOT_REPRODUCED, Verdict.NOT_IN_LINE),
    ],
)
def test_fewer_epochs_than_the_papers_decide_nothing(evidence, value, whole, short):
    """The runs have two epochs."""

    def found(epochs):
        rule = Above("high", "m", value)
        return Claim("id", "says", rule, TODAY, "Table 1", "sure", epochs).judge(evidence)

    assert [found(epochs).verdict for epochs in (None, 1, 2)] == [whole] * 3
    assert found(500).verdict is short
    assert (found(2).budget, found(500).budget) == ("", "at 2 of 500 epochs")


def test_the_shortest_run_is_the_budget_and_what_has_not_run_has_none(evidence, tmp_path):
    metrics = tmp_path / "low" / "seed-1" / "metrics.jsonl"
    metrics.write_text(metrics.read_text().splitlines(keepends=True)[0])

    def found(*terms):
        rule = Order("m", list(terms))
        return Claim("id", "says", rule, TODAY, "Table 1", "sure", 2).judge(evidence)

    assert found("high", "low").budget == "at 1 of 2 epochs"
    assert found("high", "mixed").budget == ""
    assert (found("high", "missing").verdict, found("missing").budget) == (Verdict.NOT_RUN, "")


def test_a_term_at_an_epoch_has_that_epochs_budget(evidence):
    """All runs have two epochs. What is read at several has the latest of them."""

    def budget(*terms):
        rule = Order("m", list(terms))
        return Claim("id", "says", rule, TODAY, "Table 1", "sure", 2).judge(evidence).budget

    assert budget("high@1", "low@1") == budget("high", "low@1") == "at 1 of 2 epochs"
    assert budget("high@2", "high@1") == budget("high@1", "high") == budget("high@2", "low") == ""


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.88, Verdict.MET),
        (0.89, Verdict.UNDECIDED),
        (0.91, Verdict.UNDECIDED),
        (0.92, Verdict.NOT_MET),
    ],
)
def test_an_aim_is_met_or_not_met(evidence, value, verdict):
    assert Aim("id", "says", Above("high", "m", value), TODAY).judge(evidence).verdict is verdict
    assert (
        Aim("id", "says", Above("missing", "m", value), TODAY).judge(evidence).verdict
        is Verdict.NOT_RUN
    )


def test_a_metric_may_be_in_another_of_the_runs_files(evidence, tmp_path):
    for seed in (0, 2):
        folder = tmp_path / "high" / f"seed-{seed}"
        content = {"best": {"m": [seed / 4]}, "by": {"4/255": 0.5}}
        (folder / "other.json").write_text(json.dumps(content))
    shorter = {"status": "finished", "epochs": [1]}
    (tmp_path / "high" / "seed-0" / "summary.json").write_text(json.dumps(shorter))
    assert evidence.at("high", "other:best.m") == {0: 0.0, 2: 0.5}
    assert evidence.at("high", "other:by.4/255") == {0: 0.5, 2: 0.5}
    assert evidence.at("high@1", "other:by.4/255") == {0: 0.5}


def test_seeds_that_diverged_are_told_and_the_others_decide_nothing(evidence):
    rule = Above("unstable", "m", 0.8)
    assert rule.judge(evidence).verdict is Verdict.REPRODUCED
    for statement in (
        Claim("id", "says", rule, TODAY, source="Table 1", sure="sure"),
        Aim("id", "says", rule, TODAY),
    ):
        found = statement.judge(evidence)
        assert found.verdict is Verdict.UNDECIDED
        assert found.note.endswith("1 of 5 seeds of unstable diverged")
