"""Verdicts on runs whose numbers are known."""

import json
import statistics

import pytest

from apical import BP, Settings
from apical.reproduce.evidence import Evidence
from apical.reproduce.judgement import (
    Above,
    AboveAll,
    Below,
    Every,
    Near,
    Order,
    Value,
    Verdict,
    Within,
)
from apical.values.spelling import encode


@pytest.fixture
def evidence(tmp_path):
    """Three experiments of four seeds, two epochs; the metric is what each seed got."""
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
        if seed > 0:
            run("shifted", seed, [0.4, 0.8 - 6 * noise])
        if seed < 2:
            run("few", seed, [0.5, 0.9])
    run("high", 4, [0.1, 0.1], status="interrupted")
    return Evidence(tmp_path)


def test_only_finished_runs_count(evidence):
    assert evidence.at("high", "m") == pytest.approx({0: 0.89, 1: 0.9, 2: 0.9, 3: 0.91})
    assert evidence.values("high@1", "m") == [0.5] * 4
    assert evidence.at("high@7", "m") == {}
    assert evidence.at("none", "m") == {}


def test_a_caption_is_told_of_seeds_and_epochs(evidence):
    assert evidence.ran(["high", "few", "none"]) == {"seeds": [4, 2], "epochs": [2] * 6}


@pytest.mark.parametrize(
    ("paper", "verdict"),
    # The half-width is 3.18 * 0.00816 / 2 = 0.0130.
    [
        (0.9, Verdict.REPRODUCED),
        (0.938, Verdict.REPRODUCED),
        (0.862, Verdict.REPRODUCED),
        (0.941, Verdict.PARTIAL),
        (0.97, Verdict.PARTIAL),
        (0.979, Verdict.NOT_REPRODUCED),
    ],
)
def test_a_value_is_judged_by_our_interval(evidence, paper, verdict):
    found = Value("high@2", "m", paper).judge(evidence)
    assert found.verdict is verdict
    assert found.ours == pytest.approx(0.9)
    assert found.ci95 == pytest.approx(0.01299, abs=1e-4)
    assert found.n == 4


def test_a_wide_interval_does_not_excuse_everything(evidence):
    assert Value("high@2", "m", 0.93, widest=0.02).judge(evidence).verdict is Verdict.PARTIAL
    assert Value("high@2", "m", 0.95, widest=0.02).judge(evidence).verdict is Verdict.NOT_REPRODUCED


def test_few_seeds_decide_nothing(evidence):
    for judged in (Value("few", "m", 0.9), Above("few", "m", 0.1), Order(["few", "low"], "m")):
        found = judged.judge(evidence)
        assert found.verdict is Verdict.UNDECIDED
        assert "at least 3" in found.note


def test_an_order_pairs_seeds_not_places(evidence):
    """`shifted` lacks seed 0, and is above `mixed` by the same amount in every other seed."""
    found = Order(["shifted", "mixed"], "m").judge(evidence)
    assert found.n == 3
    assert found.verdict is Verdict.REPRODUCED


def test_an_order_needs_every_paired_interval(evidence):
    def verdict(*terms):
        return Order(list(terms), "m").judge(evidence).verdict

    assert verdict("high", "low") is Verdict.REPRODUCED
    assert verdict("low", "mixed") is Verdict.PARTIAL
    assert verdict("high", "low", "mixed") is Verdict.PARTIAL
    assert verdict("low", "high") is Verdict.NOT_REPRODUCED
    assert verdict("high@2", "high@1") is Verdict.REPRODUCED
    assert verdict("high", "missing") is Verdict.NOT_RUN


def test_above(evidence):
    assert Above("high", "m", 0.88).judge(evidence).verdict is Verdict.REPRODUCED
    assert Above("high", "m", 0.89).judge(evidence).verdict is Verdict.PARTIAL
    assert Above("high", "m", 0.91).judge(evidence).verdict is Verdict.NOT_REPRODUCED


def test_above_all_takes_the_worst(evidence):
    def verdict(term, *others):
        return AboveAll(term, list(others), "m").judge(evidence).verdict

    assert verdict("high", "low", "low@1") is Verdict.REPRODUCED
    assert verdict("low", "high@1", "mixed") is Verdict.PARTIAL
    assert verdict("low", "high", "mixed") is Verdict.NOT_REPRODUCED
    assert verdict("low", "missing", "mixed") is Verdict.NOT_RUN
    assert verdict("low", "few", "mixed") is Verdict.UNDECIDED


def test_below_mirrors_above(evidence):
    assert Below("high", "m", 0.93).judge(evidence).verdict is Verdict.REPRODUCED
    assert Below("high", "m", 0.91).judge(evidence).verdict is Verdict.PARTIAL
    assert Below("high", "m", 0.88).judge(evidence).verdict is Verdict.NOT_REPRODUCED
    assert Below("high", "m", 0.9).paper == "< 0.9"
    assert Above("high", "m", 0.9).paper == "> 0.9"


def test_within_a_stated_distance(evidence):
    mean = statistics.fmean(evidence.values("high", "m"))

    def verdict(term, off, distance=0.01):
        return Within(term, "m", mean + off, distance).judge(evidence).verdict

    assert verdict("high", 0.009) is Verdict.REPRODUCED
    assert verdict("high", -0.015) is Verdict.PARTIAL
    assert verdict("high", 0.021) is Verdict.NOT_REPRODUCED
    assert verdict("missing", 0) is Verdict.NOT_RUN


@pytest.mark.parametrize("off", [0.0, 0.5])
def test_few_seeds_are_shown_and_decide_nothing(evidence, off):
    mean = statistics.fmean(evidence.values("few", "m"))
    found = Within("few", "m", mean + off, 0.01).judge(evidence)
    assert found.verdict is Verdict.UNDECIDED
    assert found.ours == mean
    assert "at least 3 seeds decide" in found.note
    assert Below("few", "m", 1.0).judge(evidence).ours == mean


@pytest.mark.parametrize(
    ("value", "verdict", "reached"),
    # The seeds got 0.89, 0.9, 0.9 and 0.91.
    [
        (0.89, Verdict.REPRODUCED, "4 of 4"),
        (0.9, Verdict.PARTIAL, "3 of 4"),
        (0.905, Verdict.NOT_REPRODUCED, "1 of 4"),
    ],
)
def test_every_means_every_seed(evidence, value, verdict, reached):
    found = Every("high", "m", value).judge(evidence)
    assert (found.verdict, found.ours, found.n) == (verdict, reached, 4)
    assert "lowest 0.8900" in found.note
    assert Every("few", "m", 0.1).judge(evidence).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("term", "margin", "verdict"),
    # low is 0.1 below high in each seed; mixed 0.11 on average, with a half-width of 0.091.
    [
        ("low", 0.11, Verdict.REPRODUCED),
        ("low", 0.09, Verdict.NOT_REPRODUCED),
        ("mixed", 0.21, Verdict.REPRODUCED),
        ("mixed", 0.15, Verdict.PARTIAL),
    ],
)
def test_near_is_within_a_margin_seed_by_seed(evidence, term, margin, verdict):
    assert Near(term, "high", "m", margin).judge(evidence).verdict is verdict
    assert Near("few", "high", "m", margin).judge(evidence).verdict is Verdict.UNDECIDED


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
