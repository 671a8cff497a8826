"""The last round of a search: its best draws again, for longer and with a rate that falls.

`python -m apical.papers.target_propagation.finals SETUP METHOD` reads the trials that
`apical search` left in `searched/SETUP/METHOD`, trains the best of them anew and puts the winner,
by its best validation accuracy, into best.json; finals.csv has them all. A few epochs favour long
steps that do not last, so that the search alone would choose badly for the runs of Table 1.
"""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from apical.data import load
from apical.papers.target_propagation.methods import SEARCHED
from apical.settings import Settings
from apical.training.fit import fit, identity
from apical.tuning.files import write_best
from apical.tuning.space import place
from apical.tuning.trial import Trial, best
from apical.values import decode

FINALISTS = 3
EPOCHS = 20
SEED = 0
BESIDE = ("number", "state", "val_accuracy", "epoch")
"""What a row of trials.csv has besides the values that were drawn."""


def finals(folder: Path) -> Trial:
    """Train the finalists and write finals.csv and best.json; the winner."""
    stored = json.loads((folder / "best.json").read_text())
    data = load(stored["data"]["name"])
    rule = decode(stored["rule"])
    settings = Settings(**decode(stored["settings"]))
    settings = replace(settings, epochs=EPOCHS, schedule="linear")
    played = []
    for row in finalists(folder / "trials.csv"):
        values = {name: float(value) for name, value in row.items() if name not in BESIDE}
        chosen, placed = place(values, rule, settings)
        result = fit(chosen, data, seed=SEED, **vars(placed))
        curve = {entry["epoch"]: entry["val_accuracy"] for entry in result.metrics}
        played.append(Trial(int(row["number"]), values, curve))
    winner = best(played)
    assert winner is not None
    with (folder / "finals.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("number", "val_accuracy", "epoch"))
        writer.writerows((trial.number, trial.score, trial.epoch) for trial in played)
    write_best(folder, winner, *place(winner.values, rule, settings), identity(data), SEED)
    return winner


def finalists(trials: Path) -> list[dict[str, Any]]:
    """The rows of the trials that validated best, the first of equals."""
    with trials.open() as file:
        ended = [row for row in csv.DictReader(file) if row["state"] == "finished"]
    return sorted(ended, key=lambda row: -float(row["val_accuracy"]))[:FINALISTS]


if __name__ == "__main__":
    setup, method = sys.argv[1:]
    print(finals(SEARCHED / setup / method))
