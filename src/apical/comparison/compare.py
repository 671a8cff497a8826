"""The comparison itself: who takes part, what each spends, what came out."""

import json
import statistics
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

from apical.comparison.budgets import Budget
from apical.comparison.contestants import Contestant, gather, reference
from apical.comparison.differences import Difference, differences
from apical.comparison.diverged import Diverged, unless_diverged
from apical.comparison.tuned import Tuned, Tuning, tune
from apical.data import Dataset
from apical.data.named import Named
from apical.errors import DivergenceError, UsageError, a_list
from apical.jobs.workers import Workers
from apical.rules import BP, Rule
from apical.runs.statistics import half_width
from apical.runs.writing import write_whole
from apical.settings import Settings
from apical.training import fit
from apical.training.cost import Cost, rule_cost
from apical.training.fit import settings_of
from apical.training.how import Measured, data_of, folder_of
from apical.training.listeners.spec import Listening
from apical.training.order import steps_in_epoch
from apical.tuning.trial import Trial
from apical.values.spelling import spell, spell_field
from apical.values.value import read

NOT_TUNED = "settings shared, not tuned"
STEPS = "seconds-of-a-step.json"
PILOT_EPOCHS, PILOT_STEPS = 3, 100
"""Of a short run that measures how long a step takes; its first epoch, which compiles, is left
out."""


@dataclass(frozen=True)
class Plan:
    """Who takes part and at which settings, tuned and within the budget."""

    data: Dataset
    contestants: tuple[Contestant, ...]
    seeds: range
    budget: Budget | None = None
    tuning: Tuning | None = None
    tuned: Mapping[str, Tuned] = field(default_factory=dict)
    """What each search came to, by the contestant's label; empty without tuning."""
    diverged: Mapping[str, Diverged] = field(default_factory=dict)
    """Those, by label, for which there is nothing to train: every trial diverged, or the short run
    that was to tell a step's seconds."""

    @property
    def to_train(self) -> list[Contestant]:
        """All others."""
        return [each for each in self.contestants if each.label not in self.diverged]

    @property
    def terms(self) -> str:
        """What was done to make the terms equal, in a few words."""
        how = NOT_TUNED if self.tuning is None else f"tuned on validation, {self.tuning.told}"
        how = how if self.budget is None else f"{how}; budget {spell(self.budget)}"
        # It is the same for all, and so is what a rule may spend at the most.
        stop = self.contestants[0].settings.stop if self.contestants else ()
        return f"{how}; each seed stopped by {spell_field(stop, ' or ')}" if stop else how


def plan(
    rules: Sequence[Rule],
    data: Dataset,
    settings: Settings,
    *,
    seeds: range,
    budget: Budget | None = None,
    tuning: Tuning | None = None,
    out: Path | None = None,
    named: Named | None = None,
    workers: Workers | None = None,
    trial: Callable[[Contestant, Trial], None] = lambda contestant, trial: None,
    listeners: Iterable[Listening] = (),
) -> Plan:
    """Gather the contestants, give each the budget and tune it; what `out` holds is not repeated.

    **Arguments:**

    - `named`: the data set's name, if `workers` are to load it.
    - `trial`: called with each trial that has ended.
    - `listeners`: called with the events of the trials.

    **Raises:** `UsageError` for fewer than two rules, for one twice, for rules, settings and data
    that do not go together, and for tuning without a folder; `KeyboardInterrupt` after Ctrl-C; as
    `search`.
    """
    if len(rules) < 2 or len({spell(rule) for rule in rules}) < len(rules):
        raise UsageError("compare: name at least two rules, each once, as in: bp fa dfa")
    if tuning is not None and out is None:
        raise UsageError("tune: what was searched is kept in a folder; add out")
    found = gather(rules, data, settings)
    timed = budget is not None and budget.timed
    steps, diverged = _seconds_of_a_step(found, data, out) if timed else ({}, {})

    def spending(contestant: Contestant) -> Contestant:
        if budget is None or contestant.label in diverged:
            return contestant
        step = {"step": steps[contestant.label]} if steps else {}
        chosen = budget.spend(contestant.settings, len(data.train), **step)
        return replace(contestant, settings=chosen)

    found = [spending(each) for each in found]
    tuned: dict[str, Tuned] = {}
    if tuning is not None:
        assert out is not None
        for i, each in enumerate(found):
            if each.label in diverged:
                continue
            came = tune(
                each, found, named if workers is not None and named is not None else data, tuning,
                seeds.stop, out / "tuning" / each.folder,
                report=partial(trial, each),
                listeners=tuple(listeners), workers=workers,
            )  # fmt: skip
            if isinstance(came, Diverged):
                diverged[each.label] = came
            else:
                found[i], tuned[each.label] = came
        # What was drawn may be the size of minibatches.
        found = [spending(each) for each in found]
    return Plan(data, tuple(found), seeds, budget, tuning, tuned, diverged)


@dataclass(frozen=True)
class Comparison:
    """What came out, as comparison.json has it."""

    plan: Plan
    results: Mapping[str, Measured]
    """What each contestant's runs measured, by its label; of those that diverged there is none."""
    diverged: Mapping[str, Diverged] = field(default_factory=dict)
    """Where the others diverged, by label. They have no part in the statistics."""

    @classmethod
    def of(cls, plan: Plan, ended: Mapping[str, Measured | Diverged]) -> Self:
        """The comparison of what each training has come to.

        Warns of each contestant that diverged, and raises `DivergenceError` if they leave no two at
        the same terms.
        """
        ended = {**ended, **plan.diverged}
        results = {label: came for label, came in ended.items() if isinstance(came, Measured)}
        lost = {label: came for label, came in ended.items() if isinstance(came, Diverged)}
        found = cls(plan, results, lost)
        listed = "; ".join(f"{label}: {came.told}" for label, came in lost.items())
        if lost and not found.pairs:
            raise DivergenceError(f"compare: no two rules are left to be compared; {listed}")
        for label, came in lost.items():
            told = f"compare: {label} is left out of the statistics; {came.told}"
            warnings.warn(told, stacklevel=1)
        return found

    @property
    def contestants(self) -> list[Contestant]:
        """Those that have results."""
        return [each for each in self.plan.contestants if each.label in self.results]

    @property
    def metric(self) -> str:
        """The score that is compared: of the test set, after the last epoch."""
        return self.plan.contestants[0].settings.target.metric("test")

    def scores(self, label: str) -> dict[int, float]:
        """A contestant's scores by seed."""
        summary = self.results[label].summary
        return dict(zip(summary["seeds"], summary[self.metric]["list"], strict=True))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The labels of all that have results at the same terms, the later one first."""
        return [
            (one.label, other.label)
            for i, one in enumerate(self.contestants)
            for other in self.contestants[:i]
            if one.terms == other.terms
        ]

    @cached_property
    def differences(self) -> list[Difference]:
        """Of all pairs, the later one minus the earlier one."""
        scores = {each.label: self.scores(each.label) for each in self.contestants}
        return differences(scores, self.pairs)

    def difference(self, contestant: Contestant) -> Difference | None:
        """To the first at its terms; None of that itself."""
        other = reference(self.contestants, contestant)
        pair = contestant.label, other.label
        return next((d for d in self.differences if (d.one, d.other) == pair), None)

    @cached_property
    def costs(self) -> dict[str, tuple[Cost, Cost]]:
        """Of a step of each contestant, and of BP at the same terms."""
        asked = self.contestants
        own = {each.label: rule_cost(each.rule, self.plan.data, each.settings) for each in asked}
        bps = {each.terms: own[each.label] for each in asked if each.rule == BP()}
        for each in asked:
            if each.terms not in bps:  # BP takes no part in it
                bps[each.terms] = rule_cost(BP(), self.plan.data, each.settings)
        return {each.label: (own[each.label], bps[each.terms]) for each in asked}

    def seconds(self, contestant: Contestant) -> float:
        """Of a step: the median epoch's, without measuring."""
        summary = self.results[contestant.label].summary
        return summary["seconds_per_epoch"] / self._steps(contestant)

    def times_bp(self, contestant: Contestant) -> float | None:
        """Seconds of a step as a multiple of BP's at the same terms; None if BP took no part."""
        for other in self.contestants:
            if other.rule == BP() and other.terms == contestant.terms:
                return self.seconds(contestant) / self.seconds(other)
        return None

    def spent(self, contestant: Contestant) -> dict[str, float]:
        """What a seed spent on training, on average over the seeds."""
        summary = self.results[contestant.label].summary
        epochs = statistics.fmean(summary["epochs"])
        updates = epochs * self._steps(contestant)
        return {
            "epochs": epochs,
            "updates": updates,
            "examples": updates * contestant.settings.batch_size,
            "seconds": epochs * summary["seconds_per_epoch"],
        }

    def _steps(self, contestant: Contestant) -> int:
        return steps_in_epoch(contestant.settings, len(self.plan.data.train))

    def to_json(self) -> dict[str, Any]:
        """The content of comparison.json."""
        told = self.plan
        return {
            "data": told.data.name,
            "terms": told.terms,
            "metric": self.metric,
            "seeds": list(told.seeds),
            "budget": None if told.budget is None else spell(told.budget),
            "tuning": None if told.tuning is None else asdict(told.tuning),
            "rules": [self._told(each) for each in self.contestants],
            "diverged": [
                _identity(each) | asdict(self.diverged[each.label])
                for each in told.contestants
                if each.label in self.diverged
            ],
            "pairs": [asdict(each) | {"words": each.words} for each in self.differences],
        }

    def _told(self, contestant: Contestant) -> dict[str, Any]:
        label = contestant.label
        own, bp = self.costs[label]
        values = list(self.scores(label).values())
        tuned = self.plan.tuned.get(label)
        return _identity(contestant) | {
            "score": {
                "mean": statistics.fmean(values),
                "half_width": half_width(values),
                "list": values,
            },
            "reference": reference(self.contestants, contestant).label,
            "spent": self.spent(contestant),
            "tuned": None if tuned is None else asdict(tuned),
            "step": {
                "seconds": self.seconds(contestant),
                "flops": own.flops,
                "bytes": own.bytes,
                "times_bp": {
                    "seconds": self.times_bp(contestant),
                    "flops": own.flops / bp.flops,
                    "bytes": own.bytes / bp.bytes,
                },
            },
        }


def _identity(contestant: Contestant) -> dict[str, Any]:
    """Who it is, as comparison.json has it."""
    base = Settings()
    return {
        "label": contestant.label,
        "rule": spell(contestant.rule),
        "terms": contestant.terms or None,
        "folder": contestant.folder,
        "settings": {
            name: spell_field(value)
            for name, value in vars(contestant.settings).items()
            if value != getattr(base, name)
        },
    }


def compare(
    rules: Sequence[Rule | type[Rule] | str],
    data: Dataset | str,
    settings: Settings | None = None,
    *,
    seeds: int = 3,
    seed: int = 0,
    budget: Budget | str | None = None,
    tune: int | None = None,
    tune_seconds: float | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    listeners: Iterable[Listening] = (),
    **changes: Any,
) -> Comparison:
    """Train rules from the same initial weights, in the same order of the data, and compare them.

    A rule that refuses the settings is trained at those of its recipe, beside BP at the same. One
    that diverges has a row that says so, and no part in the statistics, which a warning tells.

    **Arguments:**

    - `rules`: at least two; the first is the reference.
    - `data`: a data set, or the name of one.
    - `settings`, `changes`: as for `fit`, of all rules.
    - `seeds`, `seed`: each rule is trained from `seeds` seeds, the same for all.
    - `budget`: `Epochs`, `Updates`, `Examples` or `Seconds` of training for each rule, or its
      spelling as in "updates:6000"; None: the epochs of the settings.
    - `tune`, `tune_seconds`: search each rule's space with so many trials, or for so long, on
      validation and from a seed that no final run has. None: the settings are shared.
    - `out`: a folder for the runs (a folder each), the searches, comparison.json, tables and
      figures; the same call again repeats nothing that has ended there. None: keep nothing.
    - `overwrite`: train again what `out` holds; searches are kept.

    **Raises:** `UsageError` for what does not go together, `DivergenceError` if so many rules
    diverge that no two are left, `KeyboardInterrupt` after Ctrl-C; as `fit` and `search`.

    !!! example

        >>> import apical
        >>> found = apical.compare(["bp", "fa"], "iris", seeds=2, epochs=2, batch_size=10)
        >>> found.plan.terms
        'settings shared, not tuned'
        >>> [each.other for each in found.differences]
        ['bp']
    """
    from apical.comparison.figures import draw
    from apical.comparison.tables import write

    a_list(rules=rules, listeners=listeners)
    chosen = [read(Rule, rule, f"rules[{i}]") for i, rule in enumerate(rules)]
    seeds, seed = read(int, seeds, "seeds"), read(int, seed, "seed")
    base = settings_of(settings, Settings(), changes, "apical compare --help")
    folder, dataset = folder_of(out), data_of(data)
    searched = tune is not None or tune_seconds is not None
    made = plan(
        chosen, dataset, base,
        seeds=range(seed, seed + seeds),
        budget=read(Budget | None, budget, "budget"),
        tuning=Tuning(tune, tune_seconds) if searched else None,
        out=folder, listeners=listeners,
    )  # fmt: skip
    ended = {}
    for each in made.to_train:
        place = None if folder is None else folder / each.folder
        train = partial(
            _to_the_end, each, dataset, seeds=seeds, seed=seed, out=place, listeners=listeners,
            resume=place is not None and not overwrite, overwrite=overwrite,
        )  # fmt: skip
        ended[each.label] = unless_diverged(train)
    found = Comparison.of(made, ended)
    if folder is not None:
        write(found, folder)
        draw(found, folder)
    return found


def _to_the_end(contestant: Contestant, data: Dataset, **how: Any) -> Measured:
    """Train as `fit` does. Raises `KeyboardInterrupt` after Ctrl-C, which ends a run early."""
    result = fit(contestant.rule, data, contestant.settings, **how)
    if result.summary["status"] == "interrupted":
        raise KeyboardInterrupt
    return result


def _seconds_of_a_step(
    contestants: Sequence[Contestant], data: Dataset, out: Path | None
) -> tuple[dict[str, float], dict[str, Diverged]]:
    """Measured once by short runs, and kept, so that the same call means the same epochs; and
    whose short runs diverged."""
    kept = out / STEPS if out is not None else None
    known: dict[str, float] = {}
    if kept is not None and kept.exists():
        try:
            known = {str(k): float(v) for k, v in json.loads(kept.read_text()).items()}
        except (ValueError, AttributeError, TypeError):
            raise UsageError(f"{kept}: damaged; remove it, and steps are timed again") from None
    diverged: dict[str, Diverged] = {}
    for each in contestants:
        if each.label not in known:
            came = unless_diverged(partial(_pilot, each, data))
            if isinstance(came, Diverged):
                where = f"while its steps were timed: {came.where}"
                diverged[each.label] = replace(came, where=where)
                continue
            known[each.label] = came
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                write_whole(kept, json.dumps(known, indent=1) + "\n")
    return known, diverged


def _pilot(contestant: Contestant, data: Dataset) -> float:
    full = steps_in_epoch(replace(contestant.settings, steps_per_epoch=None), len(data.train))
    steps = min(full, PILOT_STEPS)
    settings = replace(contestant.settings, epochs=PILOT_EPOCHS, stop=(), steps_per_epoch=steps)
    rows = _to_the_end(replace(contestant, settings=settings), data).metrics
    return statistics.median(row["seconds"] for row in rows[1:]) / steps
