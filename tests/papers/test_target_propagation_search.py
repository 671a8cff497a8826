"""The two rounds of a search: who plays, and who is chosen."""

import json
from dataclasses import replace

import apical
from apical.networks.targets import Label
from apical.papers.target_propagation import search
from apical.papers.target_propagation.methods import ALL
from apical.papers.target_propagation.networks import SETUPS
from apical.rules import SDTP
from apical.tuning.files import read_trials
from apical.tuning.trial import Trial
from apical.values.spelling import decode


def test_the_best_finished_draws_play():
    scores = [0.5, 0.9, None, 0.7, 0.9, 0.8]
    trials = [
        Trial(n, {}, {1: score} if score else {}, None if score else "diverged")
        for n, score in enumerate(scores)
    ]
    assert [trial.number for trial in search.finalists(trials)] == [1, 4, 5]


def test_the_winner_is_the_one_that_validates_best_at_the_longer_budget(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "LAST_EPOCHS", 3)
    space = {"lr": apical.Log(1e-5, 1e-1), "optimizer_args.b1": apical.Linear(0.5, 0.9)}
    data = apical.load("digits")
    found = apical.search(apical.BP(), data, space, trials=4, out=tmp_path, hidden=(8,), epochs=1)
    assert [t.score for t in read_trials(tmp_path, Label())] == [t.score for t in found.trials]

    winner = search.last_round(tmp_path)
    played = read_trials(tmp_path / "final", Label())
    assert len(played) == search.FINALISTS
    assert winner.score == max(trial.score for trial in played)
    drawn = {trial.number: trial.values for trial in found.trials}
    assert all(trial.values == drawn[trial.number] for trial in played)

    best = json.loads((tmp_path / "final" / "best.json").read_text())
    assert (best["trial"], best["val_accuracy"]) == (winner.number, winner.score)
    assert (best["settings"]["epochs"], best["settings"]["schedule"]) == (3, "linear")
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


def test_the_first_round_draws_what_a_method_leaves_open(tmp_path, monkeypatch):
    small = replace(SETUPS["mnist-fc"].settings, hidden=(8, 8))
    monkeypatch.setitem(
        SETUPS, "mnist-fc", replace(SETUPS["mnist-fc"], data="digits", settings=small)
    )
    monkeypatch.setattr(search, "SEARCHED", tmp_path / "searched")
    method = "sdtp-alternating-undamped"
    monkeypatch.setitem(ALL, method, replace(ALL[method], draws=2))
    monkeypatch.setattr(search, "EPOCHS", 1)
    folder = search.first_round("mnist-fc", method, tmp_path / "study")
    assert folder == tmp_path / "searched" / "mnist-fc" / method
    trials = read_trials(folder, Label())
    assert len(trials) == 2
    assert "step" not in trials[0].values
    assert "inverse.sigma" in trials[0].values
    rule = decode(json.loads((folder / "best.json").read_text())["rule"])
    assert isinstance(rule, SDTP)
    assert (rule.step, rule.output_inverse) == (1.0, "tanh")
    again = search.first_round("mnist-fc", method, tmp_path / "study")
    assert [t.values for t in read_trials(again, Label())] == [t.values for t in trials]
