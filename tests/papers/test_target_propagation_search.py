"""The two rounds of a search: who plays, and who is chosen."""

from dataclasses import replace

import pytest

import apical
from apical.networks.activations import tanh
from apical.networks.layers import Fc
from apical.papers.target_propagation import search, searched
from apical.papers.target_propagation.budget import WIDE, Search
from apical.papers.target_propagation.methods import ALL, LETTER, published, unsearched
from apical.papers.target_propagation.networks import SETUPS
from apical.rules import SDTP
from apical.settings import Settings
from apical.settings.schedules import LinearDecay
from apical.tuning import Trial, place
from apical.tuning.space import draw
from apical.values.ranges import Interval
from apical.values.spelling import decode


def test_the_best_finished_draws_play():
    scores = [0.5, 0.9, None, 0.7, 0.9, 0.8]
    trials = [
        Trial(n, {}, {1: score} if score else {}, None if score else "diverged")
        for n, score in enumerate(scores)
    ]
    assert [trial.number for trial in search.finalists(trials, 3)] == [1, 4, 5]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A setup of its own network and digits, whose searches are kept in an empty folder."""
    settings = replace(SETUPS["mnist-fc"].settings, hidden=(Fc(8), Fc(8)))
    setup = replace(SETUPS["mnist-fc"], data="digits", settings=settings)
    monkeypatch.setitem(SETUPS, "mnist-fc", setup)
    monkeypatch.setattr(searched, "FOLDER", tmp_path / "kept")
    return setup


def test_the_winner_is_the_one_that_validates_best_at_the_longer_budget(small, monkeypatch):
    monkeypatch.setattr(search, "LAST_EPOCHS", 3)
    space = {"lr": apical.Log(1e-5, 1e-1), "optimizer_args.b1": apical.Linear(0.5, 0.9)}
    data = apical.load("digits")
    found = apical.search(apical.BP(), data, space, trials=4, hidden=(8,), epochs=1)

    winner = search.last_round("mnist-fc", "bp", found)
    played = searched.trials("mnist-fc", "bp", searched.FINAL)
    assert len(played) == ALL["bp"].search.finalists
    assert winner.score == max(trial.score for trial in played)
    drawn = {trial.number: trial.values for trial in found.trials}
    assert all(trial.values == drawn[trial.number] for trial in played)

    best = searched.winner("mnist-fc", "bp")
    assert best is not None
    assert (best["trial"], best["val_accuracy"]) == (winner.number, winner.score)
    kept = apical.Settings.from_json(best["settings"])
    assert (kept.epochs, kept.schedule) == (3, LinearDecay())
    assert best["settings"]["lr"] == drawn[winner.number]["lr"]
    again = apical.fit(
        apical.BP(),
        data,
        hidden=(8,),
        epochs=3,
        schedule="linear",
        lr=best["settings"]["lr"],
        optimizer_args=best["settings"]["optimizer_args"],
    )
    assert winner.score == max(row["val_accuracy"] for row in again.metrics)


def test_the_first_round_draws_what_a_method_leaves_open(small, tmp_path, monkeypatch):
    method = "sdtp-alternating-summed-narrow"
    monkeypatch.setitem(ALL, method, replace(ALL[method], search=Search(draws=2, epochs=1)))
    found = search.first_round("mnist-fc", method, tmp_path / "study")
    assert searched.methods("mnist-fc") == [method]
    trials = searched.trials("mnist-fc", method)
    assert [(t.values, t.score) for t in trials] == [(t.values, t.score) for t in found.trials]
    assert len(trials) == 2
    assert "step" not in trials[0].values
    assert "inverse.sigma" in trials[0].values
    best = searched.winner("mnist-fc", method, searched.DRAWS)
    assert best is not None
    rule = decode(best["rule"])
    assert isinstance(rule, SDTP)
    assert (rule.step, rule.output_inverse) == (1.0, tanh)
    again = search.first_round("mnist-fc", method, tmp_path / "study")
    assert [t.values for t in again.trials] == [t.values for t in trials]


def test_wide_searches_share_a_budget_and_the_wide_summed_one_is_what_was_searched_first():
    """Only the rule, its form and the drawn values differ; the kept trials are of this search."""
    wide = [name for name, method in LETTER.items() if method.search == WIDE]
    assert len(wide) == 8
    rule, settings, space = unsearched("mnist-fc", "sdtp-alternating-summed")
    for name in wide:
        _, others, drawn = unsearched("mnist-fc", name)
        assert (replace(others, alternate=settings.alternate), drawn) == (settings, space)
    kept = searched.trials("mnist-fc", "sdtp-alternating-summed")
    assert len(kept) == WIDE.draws
    for trial in kept:
        assert trial.values == draw(space, search.SEED, trial.number)
    best = searched.winner("mnist-fc", "sdtp-alternating-summed")
    assert best is not None
    placed = place(draw(space, search.SEED, best["trial"]), rule, settings)
    asked = replace(placed[1], epochs=WIDE.epochs, schedule=WIDE.schedule)
    assert (decode(best["rule"]), Settings.from_json(best["settings"])) == (placed[0], asked)


def test_a_search_without_finalists_ends_with_its_best_draw(small, tmp_path, monkeypatch):
    method = "ao-sdtp-alternating-averaged"
    short = replace(WIDE, draws=2, epochs=1)
    monkeypatch.setitem(ALL, method, replace(ALL[method], search=short))
    found = search.first_round("mnist-fc", method, tmp_path / "study")
    winner = search.last_round("mnist-fc", method, found)
    assert winner == found.best
    best = searched.winner("mnist-fc", method)
    assert best == searched.winner("mnist-fc", method, searched.DRAWS)
    assert best is not None
    assert Settings.from_json(best["settings"]).schedule == LinearDecay()
    assert len(searched.trials("mnist-fc", method)) == 2


def test_the_wide_ranges_have_all_that_table_5_found_for_sdtp():
    for name in ("sdtp-parallel-summed", "sdtp-alternating-summed"):
        rule, settings = published("mnist-fc", name)
        for path, span in WIDE.ranges.items():
            group, _, key = path.partition(".")
            value = getattr(rule if group == "inverse" else settings, group)
            value = value[key] if isinstance(value, dict) else getattr(value, key, value)
            if isinstance(span, apical.Choice):
                assert value in span.values, (name, path)
            else:
                assert isinstance(span, Interval)
                assert span.low <= value <= span.high, (name, path)


def test_a_search_that_was_interrupted_has_no_last_round(small, tmp_path, monkeypatch):
    stopped = search.Found([], None, SDTP(), small.settings, interrupted=True)
    monkeypatch.setattr(search, "search", lambda *args, **more: stopped)
    with pytest.raises(apical.ApicalError, match="was interrupted; run the command again"):
        search.first_round("mnist-fc", "sdtp-parallel-damped", tmp_path)
    assert searched.methods("mnist-fc") == []


def test_a_round_takes_the_place_of_its_like_and_leaves_the_others(small):
    def trial(number, diverged=None, **values):
        return Trial(number, values, {} if diverged else {2: 0.5}, diverged)

    searched.keep("mnist-fc", "fa", searched.DRAWS, [trial(0, lr=0.1)], {"trial": 0})
    searched.keep("mnist-fc", "dtp", searched.DRAWS, [trial(3, alpha=0.2)], {"trial": 3})
    searched.keep("mnist-fc", "fa", searched.FINAL, [trial(7, lr=0.3)], {"trial": 7})
    lost = trial(5, "diverged", lr=1e-9)
    searched.keep("mnist-fc", "fa", searched.DRAWS, [trial(4, lr=0.4), lost], {"trial": 4})
    assert searched.methods("mnist-fc") == ["dtp", "fa"]
    assert searched.trials("mnist-fc", "fa") == [trial(4, lr=0.4), lost]
    assert searched.trials("mnist-fc", "dtp") == [trial(3, alpha=0.2)]
    assert searched.trials("mnist-fc", "fa", searched.FINAL) == [trial(7, lr=0.3)]
    assert searched.winner("mnist-fc", "fa") == {"trial": 7}
    assert searched.winner("mnist-fc", "fa", searched.DRAWS) == {"trial": 4}
    assert searched.winner("mnist-fc", "bp") is None
