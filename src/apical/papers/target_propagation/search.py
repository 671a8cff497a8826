"""The two rounds of a search for a method's hyper-parameters.

`python -m apical.papers.target_propagation.search SETUP METHOD OUT` draws settings at random, as
`apical search` does, with its study in OUT, and leaves the trials in `searched/SETUP/METHOD`. A few
epochs favour long steps that do not last, so the best of them are trained anew, for longer and
with a rate that falls; `final` has what came out, and Table 1 runs with its best.json.
"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from apical.data import load
from apical.papers.target_propagation.methods import ALL, SEARCHED, unsearched
from apical.papers.target_propagation.networks import SETUPS
from apical.settings import Settings
from apical.training.fit import fit, identity
from apical.tuning import search
from apical.tuning.files import TRIALS, read_trials, write_best, write_trials
from apical.tuning.space import place
from apical.tuning.trial import Trial, best
from apical.values.spelling import decode

EPOCHS = 6
"""Of the first round, for as many draws as the method has."""
FINALISTS, LAST_EPOCHS = 3, 20
SEED = 0


def first_round(setup: str, name: str, study: Path) -> Path:
    """Search, going on with a study that was interrupted; the folder that now has the trials."""
    rule, settings, space = unsearched(setup, name)
    data = load(SETUPS[setup].data)
    settings = replace(settings, epochs=EPOCHS)
    draws = ALL[name].draws
    search(rule, data, space, settings, trials=draws, seed=SEED, out=study, report=print)
    folder = SEARCHED / setup / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in (TRIALS, "best.json"):
        shutil.copyfile(study / file, folder / file)
    return folder


def last_round(folder: Path) -> Trial:
    """Train the finalists and write `final`; the winner."""
    stored = json.loads((folder / "best.json").read_text())
    data, rule = load(stored["data"]["name"]), decode(stored["rule"])
    settings = Settings.from_json(stored["settings"])
    settings = replace(settings, epochs=LAST_EPOCHS, schedule="linear")
    target, played = settings.target, []
    for trial in finalists(read_trials(folder, target)):
        chosen, placed = place(trial.values, rule, settings)
        result = fit(chosen, data, placed, seed=SEED)
        curve = {row["epoch"]: row[target.metric("val")] for row in result.metrics}
        played.append(Trial(trial.number, trial.values, curve))
    winner = best(played)
    assert winner is not None
    write_trials(folder / "final", played, target)
    write_best(
        folder / "final", winner, *place(winner.values, rule, settings), identity(data), SEED
    )
    return winner


def finalists(trials: list[Trial]) -> list[Trial]:
    """Those that validated best, the first of equals."""
    finished = [trial for trial in trials if not trial.diverged]
    return sorted(finished, key=lambda t: (-t.score, t.number))[:FINALISTS]


if __name__ == "__main__":
    setup, method, out = sys.argv[1:]
    print(last_round(first_round(setup, method, Path(out))))
