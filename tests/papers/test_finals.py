"""The last round of a search: who plays, and who is chosen."""

import csv
import json

import apical
from apical.papers.target_propagation import finals as last_round


def test_the_best_finished_draws_play(tmp_path):
    trials = tmp_path / "trials.csv"
    scores = [".5", ".9", "", ".7", ".9", ".8"]
    rows = [f"{n},{'finished' if s else 'diverged'},{10.0**-n},{s},1" for n, s in enumerate(scores)]
    trials.write_text("\n".join(["number,state,lr,val_accuracy,epoch", *rows]))
    played = last_round.finalists(trials)
    assert [row["number"] for row in played] == ["1", "4", "5"]


def test_the_winner_is_the_one_that_validates_best_at_the_longer_budget(tmp_path, monkeypatch):
    monkeypatch.setattr(last_round, "EPOCHS", 3)
    space = {"lr": apical.Log(1e-5, 1e-1), "optimizer_args.b1": apical.Linear(0.5, 0.9)}
    apical.search(
        apical.BP(), apical.load("digits"), space, trials=4, out=tmp_path, hidden=(8,), epochs=1
    )
    drawn = {int(row["number"]): row for row in csv.DictReader((tmp_path / "trials.csv").open())}
    winner = last_round.finals(tmp_path)
    played = {
        int(row["number"]): float(row["val_accuracy"])
        for row in csv.DictReader((tmp_path / "finals.csv").open())
    }
    assert len(played) == last_round.FINALISTS
    assert played[winner.number] == max(played.values())
    best = json.loads((tmp_path / "best.json").read_text())
    assert best["trial"] == winner.number
    assert best["val_accuracy"] == played[winner.number]
    assert (best["settings"]["epochs"], best["settings"]["schedule"]) == (3, "linear")
    assert best["settings"]["lr"] == float(drawn[winner.number]["lr"])
    assert best["settings"]["optimizer_args"]["b1"] == float(
        drawn[winner.number]["optimizer_args.b1"]
    )
