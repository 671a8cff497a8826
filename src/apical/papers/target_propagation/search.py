"""The search for a method's hyper-parameters, in one round or two.

`python -m apical.papers.target_propagation.search SETUP METHOD OUT` draws settings at random, as
`apical search` does, going on with one in OUT, in the way that the cell's `Search` says. A few
epochs favour long steps that do not last, so after those the best draws are trained anew, for
longer and with a rate that falls. Where the `Search` states learning rates, these are tried in
place of draws. What is tried and found is kept in `searched-trials.csv` and `searched-best.json`;
Tables 1 and 2 run with what the last round found.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from apical.data import Dataset, load
from apical.errors import ApicalError, DivergenceError
from apical.papers.target_propagation.methods import search_of, unsearched
from apical.papers.target_propagation.networks import SETUPS
from apical.papers.target_propagation.searched import DRAWS, FINAL, keep
from apical.rules import Rule
from apical.settings import Settings
from apical.settings.schedules import LinearDecay
from apical.training.fit import fit
from apical.training.how import identity
from apical.tuning import Found, Trial, best, configuration, place, search
from apical.tuning.space import Values

LAST_EPOCHS = 20
"""Of those that are trained anew."""
SEED = 0


def first_round(setup: str, method: str, out: Path) -> Found:
    """Search, going on with one that was interrupted, and keep the trials.

    Raises `ApicalError` if it is interrupted or every trial diverges: there is no last round then.
    """
    rule, settings, space = unsearched(setup, method)
    data = load(SETUPS[setup].data)
    asked = search_of(setup, method)
    settings = replace(settings, epochs=asked.epochs, schedule=asked.schedule)
    if asked.rates:
        found = _ladder(rule, data, settings, asked.rates)
    else:
        found = search(
            rule, data, space, settings, trials=asked.draws, seed=SEED, out=out, report=print
        )
    if found.interrupted or found.best is None:
        why = "was interrupted" if found.interrupted else "diverged in every trial"
        raise ApicalError(f"{out}: the search {why}; run the command again, or draw otherwise")
    _keep(setup, method, DRAWS, found.trials, found.rule, found.settings)
    return found


def last_round(setup: str, method: str, first: Found) -> Trial:
    """Train the finalists and keep them; the winner. Without any it is the best draw."""
    count = search_of(setup, method).finalists
    if not count:
        assert first.best is not None
        return _keep(setup, method, FINAL, [first.best], first.rule, first.settings)
    data, rule = load(SETUPS[setup].data), first.rule
    settings = replace(first.settings, epochs=LAST_EPOCHS, schedule=LinearDecay())
    played = [
        _trained(trial.number, trial.values, rule, data, settings)
        for trial in finalists(first.trials, count)
    ]
    return _keep(setup, method, FINAL, played, rule, settings)


def _ladder(rule: Rule, data: Dataset, settings: Settings, rates: Sequence[float]) -> Found:
    """Train with each of these learning rates of the network, in memory, without going on."""
    trials = []
    for number, rate in enumerate(rates):
        try:
            trials.append(_trained(number, {"lr": rate}, rule, data, settings))
        except DivergenceError as error:
            trials.append(Trial(number, {"lr": rate}, {}, str(error)))
        print(trials[-1], flush=True)
    winner = best(trials)
    values = {} if winner is None else winner.values
    return Found(trials, winner, *place(values, rule, settings))


def _trained(number: int, values: Values, rule: Rule, data: Dataset, settings: Settings) -> Trial:
    """Train with these values, all epochs."""
    chosen, placed = place(values, rule, settings)
    result = fit(chosen, data, placed, seed=SEED)
    metric = settings.target.metric("val")
    return Trial(number, dict(values), {row["epoch"]: row[metric] for row in result.metrics})


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


def finalists(trials: list[Trial], count: int) -> list[Trial]:
    """Those that validated best, the first of equals."""
    finished = [trial for trial in trials if not trial.diverged]
    return sorted(finished, key=lambda t: (-t.score, t.number))[:count]


if __name__ == "__main__":
    setup, method, out = sys.argv[1:]
    print(last_round(setup, method, first_round(setup, method, Path(out))))
