"""The last round of a search: its best draws again, for longer and with a rate that falls.

`python -m apical.papers.target_propagation.finals SETUP METHOD` reads the trials that
`apical search` left in `searched/SETUP/METHOD` and trains the best of them anew. `final` has what
came out, in the same files; Table 1 runs with its best.json. A few epochs favour long steps that
do not last, so that the search alone would choose badly.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from apical.data import load
from apical.papers.target_propagation.methods import SEARCHED
from apical.settings import Settings
from apical.training.fit import fit, identity
from apical.tuning.files import read_trials, write_best, write_trials
from apical.tuning.space import place
from apical.tuning.trial import Trial, best
from apical.values import decode

FINALISTS = 3
EPOCHS = 20
SEED = 0


def finals(folder: Path) -> Trial:
    """Train the finalists and write `final`; the winner."""
    stored = json.loads((folder / "best.json").read_text())
    data, rule = load(stored["data"]["name"]), decode(stored["rule"])
    settings = Settings(**decode(stored["settings"]))
    settings = replace(settings, epochs=EPOCHS, schedule="linear")
    target, played = settings.target, []
    for trial in finalists(read_trials(folder, target)):
        chosen, placed = place(trial.values, rule, settings)
        result = fit(chosen, data, seed=SEED, **vars(placed))
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
    setup, method = sys.argv[1:]
    print(finals(SEARCHED / setup / method))
