"""The two rounds of a search for a method's hyper-parameters.

`python -m apical.papers.target_propagation.search SETUP METHOD OUT` draws settings at random, as
`apical search` does, going on with one in OUT. A few epochs favour long steps that do not last, so
the best of them are trained anew, for longer and with a rate that falls. Both rounds are kept in
`searched-trials.csv` and `searched-best.json`; Table 1 runs with what the last one found.
"""

import sys
from dataclasses import replace
from pathlib import Path

from apical.data import load
from apical.errors import ApicalError
from apical.papers.target_propagation.methods import ALL, unsearched
from apical.papers.target_propagation.networks import SETUPS
from apical.papers.target_propagation.searched import DRAWS, FINAL, keep
from apical.rules import Rule
from apical.settings import Settings
from apical.settings.schedules import LinearDecay
from apical.training.fit import fit, identity
from apical.tuning import Found, Trial, best, configuration, place, search

EPOCHS = 6
"""Of the first round, for as many draws as the method has."""
FINALISTS, LAST_EPOCHS = 3, 20
SEED = 0


def first_round(setup: str, method: str, out: Path) -> Found:
    """Search, going on with one that was interrupted, and keep the trials.

    Raises `ApicalError` if it is interrupted or every trial diverges: there is no last round then.
    """
    rule, settings, space = unsearched(setup, method)
    data = load(SETUPS[setup].data)
    settings = replace(settings, epochs=EPOCHS)
    draws = ALL[method].draws
    found = search(rule, data, space, settings, trials=draws, seed=SEED, out=out, report=print)
    if found.interrupted or found.best is None:
        why = "was interrupted" if found.interrupted else "diverged in every trial"
        raise ApicalError(f"{out}: the search {why}; run the command again, or draw otherwise")
    _keep(setup, method, DRAWS, found.trials, found.rule, found.settings)
    return found


def last_round(setup: str, method: str, first: Found) -> Trial:
    """Train the finalists and keep them; the winner."""
    data, rule = load(SETUPS[setup].data), first.rule
    settings = replace(first.settings, epochs=LAST_EPOCHS, schedule=LinearDecay())
    target, played = settings.target, []
    for trial in finalists(first.trials):
        chosen, placed = place(trial.values, rule, settings)
        result = fit(chosen, data, placed, seed=SEED)
        curve = {row["epoch"]: row[target.metric("val")] for row in result.metrics}
        played.append(Trial(trial.number, trial.values, curve))
    return _keep(setup, method, FINAL, played, rule, settings)


def _keep(
    setup: str, method: str, round: str, trials: list[Trial], rule: Rule, settings: Settings
) -> Trial:
    """Store a round with the configuration of its best trial; that trial."""
    winner = best(trials)
    assert winner is not None
    data = identity(load(SETUPS[setup].data))
    rule, settings = place(winner.values, rule, settings)
    keep(setup, method, round, trials, configuration(winner, rule, settings, data, SEED))
    return winner


def finalists(trials: list[Trial]) -> list[Trial]:
    """Those that validated best, the first of equals."""
    finished = [trial for trial in trials if not trial.diverged]
    return sorted(finished, key=lambda t: (-t.score, t.number))[:FINALISTS]


if __name__ == "__main__":
    setup, method, out = sys.argv[1:]
    print(last_round(setup, method, first_round(setup, method, Path(out))))
