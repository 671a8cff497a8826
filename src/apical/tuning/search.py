"""Random search: hyper-parameters are drawn from stated ranges and chosen on validation."""

import json
import shutil
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apical.data import Dataset
from apical.data.named import Named
from apical.errors import ApicalError, UsageError, a_list, at_least_one, short
from apical.jobs.job import Outcome
from apical.jobs.workers import Workers, execute
from apical.rules import Rule
from apical.runs.folder import plain
from apical.runs.interrupts import held
from apical.runs.lock import locked
from apical.settings import Settings
from apical.training.fit import asked
from apical.training.how import folder_of, identity
from apical.training.listeners.spec import Listening
from apical.tuning.folder import (
    AT_WORK,
    configuration,
    trials_to_go_on_with,
    write_best,
    write_protocol,
    write_trials,
)
from apical.tuning.space import check, draw, place
from apical.tuning.trial import Trial, best
from apical.tuning.trial_job import TrialJob, attempt
from apical.values.ranges import Range, Space
from apical.values.spelling import encode, spell
from apical.values.value import read


@dataclass(frozen=True)
class Found:
    """The outcome of a search."""

    trials: list[Trial]
    """All trials by number, those of earlier sessions included."""
    best: Trial | None
    """The trial of best validation score; None if every trial diverged."""
    rule: Rule
    """The rule with the best trial's values, if there is one."""
    settings: Settings
    """The settings with the best trial's values, if there is one."""
    interrupted: bool = False
    """Whether Ctrl-C came before the last trial."""


def search(
    rule: Rule | type[Rule] | str,
    data: Dataset | Named | str,
    space: Space | None = None,
    settings: Settings | None = None,
    *,
    trials: int = 20,
    seed: int = 0,
    out: Path | str | None = None,
    report: Callable[[Trial], None] = lambda trial: None,
    listeners: Iterable[Listening] = (),
    workers: Workers | None = None,
    **changes: Any,
) -> Found:
    """Train `rule` with random draws of its hyper-parameters and keep the best.

    A trial's score is the best of its epochs on validation: the accuracy, if the target is the
    label. The test set plays no part. All trials start from the same weights and see the data in
    the same order. A trial that diverges counts and cannot be the best.

    **Arguments:**

    - `rule`, `data`: as `fit` takes them.
    - `space`: what to search, as in `{"lr": Log(1e-4, 1e-2), "inverse.sigma": Linear(0.01, 0.3)}`;
      names are those of settings, of the optimizers' arguments (`optimizer_args.eps`) and of the
      rule's numbers; None: the rule's own `space`.
    - `settings`: the settings of all trials, but for what is drawn; None: the rule's recipe.
    - `changes`: fields of `Settings` that differ from those.
    - `trials`: the number of trials in the end, those of earlier sessions included.
    - `seed`: of the draws, the initial weights and the order of the data. Trial k draws the same
      values in every session.
    - `out`: the search's folder; None keeps everything in memory. Trials that have ended there are
      not run again, so that a search that was killed goes on, and one that has ended grows.
    - `report`: called with each trial when it has ended and is kept.
    - `listeners`: called with the events of each trial's training.
    - `workers`: carry trials out side by side, each as a run in a folder of `out`, as
      `Processes(4)` or `Cluster("tcp://10.0.0.1:8786", out)` of `apical.jobs`; the data set is
      named to them, and listeners hear nothing. None: one after the other, in this process.

    **Raises:** `UsageError` for a name that does not exist, for values that do not go together, and
    for an `out` that is in use or holds something else; `DataError` for an `out` whose files are
    damaged; `WriteError` if a trial cannot be written there, as on a full disk: those before it are
    kept, and the same call goes on after them. Ctrl-C ends the search early.

    !!! example

        >>> import apical
        >>> space = {"lr": apical.Log(1e-3, 1e-1)}
        >>> found = apical.search(
        ...     apical.FA(), apical.load("digits"), space, trials=2, hidden=(8,), epochs=1
        ... )
        >>> len(found.trials)
        2
    """
    a_list(listeners=listeners)
    trials, seed, out = read(int, trials, "trials"), read(int, seed, "seed"), folder_of(out)
    at_least_one(trials=trials)
    named = Named(data) if isinstance(data, str) else data
    if workers is not None and (out is None or not isinstance(named, Named)):
        raise UsageError(
            "workers: other processes load the data set by its name and write into a folder; give "
            "a name as data, and out"
        )
    if seed < 0:
        raise UsageError(f"seed: must be 0 or more, got {seed}; give one such")
    found = named.load() if isinstance(named, Named) else named
    rule, data, base = asked(rule, found, settings, changes)
    if len(data.validation) == 0:
        raise UsageError(f"search: {data.name} has no validation examples to choose by")
    space = rule.space if space is None else space
    if not isinstance(space, Mapping):
        raise UsageError(
            f"space: must give names their ranges, as {{'lr': 'log:1e-4,1e-2'}}, got {short(space)}"
        )
    space = {name: read(Range, span, f"space, {name}") for name, span in space.items()}
    check(space, rule, base)
    protocol = {
        "rule": encode(rule),
        "data": identity(data),
        "settings": base.to_json(),
        "space": {name: spell(span) for name, span in space.items()},
        "seed": seed,
    }
    interrupted = False
    with nullcontext() if out is None else locked(out, "apical search"):
        ended = [] if out is None else trials_to_go_on_with(out, protocol)
        _keep(out, protocol, rule, base, ended)

        def keep(trial: Trial) -> None:
            with held():
                _keep(out, protocol, rule, base, [*ended, trial])
                ended.append(trial)
            report(trial)

        drawn = {number: draw(space, seed, number) for number in range(len(ended), trials)}
        try:
            if workers is None:
                for number, values in drawn.items():
                    keep(attempt(number, values, rule, base, data, seed, listeners))
            else:
                assert out is not None
                assert isinstance(named, Named)
                place = out.absolute() / AT_WORK / _mark(protocol)
                jobs = [
                    TrialJob(number, values, rule, base, named, seed, place / str(number))
                    for number, values in drawn.items()
                ]
                _side_by_side(jobs, workers, ended, keep)
                shutil.rmtree(out / AT_WORK, ignore_errors=True)
        except KeyboardInterrupt:
            interrupted = True
    winner = best(ended)
    return Found(ended, winner, *_placed(winner, rule, base), interrupted)


def _placed(trial: Trial | None, rule: Rule, settings: Settings) -> tuple[Rule, Settings]:
    """The rule and the settings with a trial's values, if there is one."""
    return place({} if trial is None else trial.values, rule, settings)


def _keep(
    folder: Path | None,
    protocol: dict[str, Any],
    rule: Rule,
    settings: Settings,
    ended: list[Trial],
) -> None:
    """Write the trials that have ended to the folder, if there are any and there is one."""
    if folder is None or not ended:
        return
    write_protocol(folder, protocol)
    write_trials(folder, ended, settings.target)
    if winner := best(ended):
        placed = _placed(winner, rule, settings)
        write_best(
            folder, configuration(winner, *placed, data=protocol["data"], seed=protocol["seed"])
        )


def _mark(protocol: dict[str, Any]) -> str:
    """Tells apart the trials of several protocols, of which one may have left some in a folder."""
    return f"{zlib.crc32(json.dumps(plain(protocol)).encode()):08x}"


def _side_by_side(
    jobs: list[TrialJob], workers: Workers, ended: list[Trial], keep: Callable[[Trial], None]
) -> None:
    """Carry trials out, and keep them in the order of their numbers: the table has no gaps.

    Raises `ApicalError` if some failed; those before the first of them are kept, and those after
    it are found again.
    """
    done = {job.number: job for job in jobs if job.finished()}

    def take() -> None:
        while job := done.pop(len(ended), None):
            keep(job.trial())
            shutil.rmtree(job.folder, ignore_errors=True)

    def hear(outcome: Outcome) -> None:
        if outcome.failure is None:
            assert isinstance(outcome.job, TrialJob)
            done[outcome.job.number] = outcome.job
            take()

    take()
    missing = [job for job in jobs if job.number >= len(ended) and job.number not in done]
    outcomes = execute(missing, workers, hear) if missing else []
    failures = [o for o in outcomes if o.failure is not None]
    if failures:
        listed = "\n".join(f"  {o.job.label}: {o.failure}" for o in failures)
        raise ApicalError(
            f"{len(failures)} of {len(jobs)} trials failed; the same command tries them again\n"
            f"{listed}"
        )
