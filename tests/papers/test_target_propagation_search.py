"""The two rounds of a search: who plays, and who is chosen."""

from dataclasses import replace

import pytest

import apical
from apical.networks.activations import tanh
from apical.networks.layers import Fc
from apical.papers.target_propagation import search, searched
from apical.papers.target_propagation.methods import ALL
from apical.papers.target_propagation.networks import SETUPS
from apical.rules import SDTP
from apical.settings.schedules import LinearDecay
from apical.tuning import Trial
from apical.values.spelling import decode


def test_the_best_finished_draws_play():
    scores = [0.5, 0.9, None, 0.7, 0.9, 0.8]
    trials = [
        Trial(n, {}, {1: score} if score else {}, None if score else "diverged")
        for n, score in enumerate(scores)
    ]
    assert [trial.number for trial in search.finalists(trials)] == [1, 4, 5]


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
    assert len(played) == search.FINALISTS
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
    method = "sdtp-alternating-undamped"
    monkeypatch.setitem(ALL, method, replace(ALL[method], draws=2))
    monkeypatch.setattr(search, "EPOCHS", 1)
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


def test_a_search_that_was_interrupted_has_no_last_round(small, tmp_path, monkeypatch):
    stopped = search.Found([], None, SDTP(), small.settings, interrupted=True)
    monkeypatch.setattr(search, "search", lambda *args, **more: stopped)
    with pytest.raises(apical.ApicalError, match="was interrupted; run the command again"):
        search.first_round("mnist-fc", "sdtp-parallel", tmp_path)
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
