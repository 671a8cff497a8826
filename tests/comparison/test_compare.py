"""Comparisons end to end, on small data: equal terms, nothing repeated, what is left to read."""

import json
import sys
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import apical
from apical.comparison.compare import plan
from apical.comparison.tables import latex, markdown
from apical.comparison.tuned import Tuning
from apical.data import Split, load
from apical.errors import UsageError
from apical.networks.layers import Fc
from apical.rules import BP, FA
from apical.settings import Settings
from apical.training.cost import step_cost
from apical.training.events import Epoch
from apical.training.task import Task
from tests.commands import apical as command

SMALL: dict[str, Any] = {"hidden": (8,), "epochs": 2, "batch_size": 20}


@pytest.fixture(scope="module")
def iris():
    return load("iris")


@pytest.fixture(scope="module")
def found(tmp_path_factory, iris):
    out = tmp_path_factory.mktemp("comparison")
    return out, apical.compare(["bp", "fa", "ghost-mb"], iris, seeds=2, seed=5, out=out, **SMALL)


def test_every_rule_has_the_seeds_and_is_at_its_terms(found):
    _, compared = found
    assert list(compared.results) == ["bp", "fa", "bp@ghost-mb", "ghost-mb"]
    assert {tuple(r.summary["seeds"]) for r in compared.results.values()} == {(5, 6)}
    assert [(d.one, d.other) for d in compared.differences] == [
        ("fa", "bp"), ("ghost-mb", "bp@ghost-mb"),
    ]  # fmt: skip


def test_the_differences_are_those_of_the_runs(found, iris):
    _, compared = found
    runs = {
        name: apical.fit(rule, iris, seeds=2, seed=5, **SMALL).summary["test_accuracy"]["list"]
        for name, rule in (("bp", BP()), ("fa", FA()))
    }
    [difference, _] = compared.differences
    assert difference.mean == pytest.approx(np.subtract(runs["fa"], runs["bp"]).mean())


def test_the_same_call_repeats_nothing_and_changes_no_number(found, iris):
    out, _ = found
    files = ["comparison.json", "comparison.md", "comparison.tex", "fa/metrics.jsonl"]
    before = {name: (out / name).read_bytes() for name in files}
    ended = (out / "fa" / "metrics.jsonl").stat().st_mtime_ns
    apical.compare(["bp", "fa", "ghost-mb"], iris, seeds=2, seed=5, out=out, **SMALL)
    assert {name: (out / name).read_bytes() for name in files} == before
    assert (out / "fa" / "metrics.jsonl").stat().st_mtime_ns == ended


def test_what_is_left_to_read(found):
    out, compared = found
    told = json.loads((out / "comparison.json").read_text())
    assert told["terms"] == "settings shared, not tuned"
    assert [rule["label"] for rule in told["rules"]] == list(compared.results)
    ghost = told["rules"][-1]
    assert (ghost["terms"], ghost["reference"]) == ("ghost-mb", "bp@ghost-mb")
    assert ghost["step"]["times_bp"]["flops"] is None  # a loop is counted as one pass through it
    assert ghost["step"]["times_bp"]["bytes"] > 1
    text = markdown(compared)
    assert "settings shared, not tuned; 2 seeds each" in text
    assert "| ghost-mb * |" in text
    assert told["pairs"][0]["words"] in text
    assert r"\begin{tabular}" in latex(compared)
    assert r"test accuracy (\%)" in latex(compared)
    assert {"comparison.png", "seconds.png"} <= {path.name for path in out.iterdir()}


def test_what_was_spent_is_what_was_asked_for(found):
    _, compared = found
    fa, ghost = compared.plan.contestants[1], compared.plan.contestants[3]
    assert compared.spent(fa)["updates"] == 2 * (len(compared.plan.data.train) // 20)
    assert compared.spent(ghost)["updates"] == 2 * len(compared.plan.data.train)
    assert compared.times_bp(compared.plan.contestants[0]) == 1


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, iris):
    out = tmp_path_factory.mktemp("tuned")
    base = Settings(hidden=(Fc(8),), epochs=2, batch_size=20)
    asked: dict[str, Any] = {"seeds": range(2), "tuning": Tuning(trials=3), "out": out}
    return out, base, plan([BP(), FA()], iris, base, **asked)


def test_every_rule_is_searched_as_often_from_a_seed_that_no_final_run_has(tuned):
    out, _, made = tuned
    assert {told.trials for told in made.tuned.values()} == {3}
    for name in ("bp", "fa"):
        assert json.loads((out / "tuning" / name / "search.json").read_text())["seed"] == 2
    for each in made.contestants:
        assert each.settings.lr == made.tuned[each.label].values["lr"]
    assert made.terms == "tuned on validation, 3 trials each"


def test_the_test_set_has_no_part_in_tuning(tuned, iris, tmp_path):
    _, base, made = tuned
    wrong = Split(iris.test.x, (iris.test.y + 1) % 3)
    other = plan(
        [BP(), FA()], replace(iris, test=wrong), base,
        seeds=range(2), tuning=Tuning(trials=3), out=tmp_path,
    )  # fmt: skip
    chosen = [{n: t.values for n, t in each.tuned.items()} for each in (made, other)]
    assert chosen[0] == chosen[1]


def test_a_search_that_ended_is_not_made_again(tuned, iris):
    out, base, made = tuned
    trials = []
    again = plan(
        [BP(), FA()], iris, base, seeds=range(2), tuning=Tuning(trials=3), out=out,
        trial=lambda contestant, trial: trials.append(trial),
    )  # fmt: skip
    assert not trials
    assert again.tuned == made.tuned
    assert again.contestants == made.contestants


def test_seconds_of_tuning_are_spent_and_no_more_than_a_trial_over(iris, tmp_path):
    base = Settings(hidden=(Fc(4),), epochs=1, batch_size=50)
    made = plan([BP(), FA()], iris, base, seeds=range(1), tuning=Tuning(seconds=0.2), out=tmp_path)
    for told in made.tuned.values():
        spent = json.loads((tmp_path / "tuning" / "bp" / "spent.json").read_text())
        assert told.seconds >= 0.2
        assert sum(spent[:-1]) < 0.2


def test_a_budget_holds_for_rules_with_other_minibatches(iris):
    asked = ["bp", "ghost-mb"]
    compared = apical.compare(asked, iris, budget="examples:200", **SMALL)
    for each in compared.plan.contestants:
        assert abs(compared.spent(each)["examples"] - 200) <= 20


def test_a_steps_seconds_are_measured_once(iris, tmp_path):
    asked: dict[str, Any] = {"budget": "seconds:0.05", "out": tmp_path, "seeds": 1, **SMALL}
    first = apical.compare(["bp", "fa"], iris, **asked)
    again = apical.compare(["bp", "fa"], iris, **asked)
    assert first.plan.contestants == again.plan.contestants
    (tmp_path / "seconds-of-a-step.json").write_text("[]")
    with pytest.raises(UsageError, match=r"seconds-of-a-step\.json: damaged"):
        apical.compare(["bp", "fa"], iris, **asked)


def test_operations_are_those_of_the_products_of_matrices():
    """Forward and two backward products a layer, but for the inputs' gradient: within 10 %."""
    digits = load("digits")
    settings = Settings(hidden=(Fc(300),), batch_size=100)
    cost = step_cost(Task(BP(), digits, settings).trainer)
    products = 2 * 100 * (2 * 64 * 300 + 3 * 300 * 10)
    assert cost.flops == pytest.approx(products, rel=0.1)
    weights = 4 * (65 * 300 + 301 * 10)
    assert 3 * weights < cost.bytes < 20 * weights


@pytest.mark.filterwarnings("ignore:batch_size")
def test_a_budget_of_a_small_data_set_counts_the_minibatches_that_there_are(iris):
    """Of fewer examples than the usual 100, all make a minibatch."""
    compared = apical.compare(["bp", "fa"], iris, hidden=(4,), seeds=1, budget="examples:180")
    for each in compared.plan.contestants:
        assert (each.settings.batch_size, compared.spent(each)["examples"]) == (90, 180)


def interrupt(event):
    if isinstance(event, Epoch) and event.number:
        raise KeyboardInterrupt


def test_ctrl_c_ends_it_and_the_same_call_goes_on(iris, tmp_path):
    asked: dict[str, Any] = {"seeds": 1, "out": tmp_path, **SMALL}
    with pytest.raises(KeyboardInterrupt):
        apical.compare(["bp", "fa"], iris, listeners=[interrupt], **asked)
    assert not (tmp_path / "fa").exists()
    assert not (tmp_path / "comparison.json").exists()
    apical.compare(["bp", "fa"], iris, **asked)
    assert (tmp_path / "comparison.json").exists()


def test_ctrl_c_while_steps_are_timed_ends_it(iris, monkeypatch):
    interrupted = partial(apical.fit, listeners=[interrupt])
    monkeypatch.setattr(sys.modules["apical.comparison.compare"], "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        apical.compare(["bp", "fa"], iris, budget="seconds:1", **SMALL)


@pytest.mark.parametrize(
    ("rules", "asked", "says"),
    [
        (["bp"], {}, "at least two rules"),
        (["bp", "bp"], {}, "each once"),
        (["bp", "fa"], {"tune": 2}, "add out"),
        (["bp", "fa"], {"tune": 2, "tune_seconds": 1.0, "out": "x"}, "give one of them"),
        (["bp", "fa"], {"tune": 0, "out": "x"}, "tune: must be 1 or more"),
        (["bp", "fa"], {"budget": "days:3"}, "there is no 'days'"),
        (["bp", "nope"], {}, r"rules\[1\]"),
    ],
)
def test_mistakes_are_told(iris, rules, asked, says):
    with pytest.raises(UsageError, match=says):
        apical.compare(rules, iris, **SMALL, **asked)


def test_the_command_goes_on_and_tells_the_pairs(tmp_path):
    asked = (
        "compare", "bp", "fa", "--data", "iris", "--hidden", 4, "--epochs", 1, "--batch-size", 20,
        "--seeds", 2, "--tune", 2, "--budget", "updates:5", "--out", tmp_path / "out",
    )  # fmt: skip
    said = command(*asked)
    assert "tuned on validation, 2 trials each" in " ".join(said.split())
    assert "fa and bp are not distinguishable" in said or "points" in said
    again = command(*asked)
    assert "trial 0" in said
    assert "trial 0" not in again
    assert "epoch 1/1" not in again
