"""`apical compare RULE...`: several rules on equal terms, side by side."""

import dataclasses
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from apical.cli.support import terminal
from apical.cli.support.console import bar, run, seen
from apical.cli.support.flags import DataOptions, RunOptions, cli
from apical.cli.support.rule_jobs import RuleJob, side_by_side
from apical.cli.support.rules_of import rule_of
from apical.cli.support.workers import workers_of
from apical.comparison.budgets import Budget
from apical.comparison.diverged import Diverged, unless_diverged
from apical.comparison.tuned import Tuning
from apical.errors import UsageError
from apical.rules import Rule
from apical.runs.folder import RunFolder
from apical.settings import Settings
from apical.training.how import Measured
from apical.values.arguments import words

if TYPE_CHECKING:
    from apical.comparison import Comparison
    from apical.comparison.compare import Plan
    from apical.comparison.contestants import Contestant
    from apical.training.events import Event
    from apical.tuning.trial import Trial


def main(args: list[str]) -> None:
    cli(compare, args, "apical compare")


def compare(
    rules: Annotated[tuple[str, ...], tyro.conf.Positional],
    settings: Settings = Settings(),
    data: DataOptions = DataOptions(),
    options: RunOptions = RunOptions(),
    budget: Budget | None = None,
    tune: int | None = None,
    tune_seconds: float | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Train rules from the same initial weights, in the same data order, for the same budget.

    A rule that refuses the settings is trained at those of its recipe, beside bp at the same.
    What OUT holds of this comparison is not made again. A rule that diverges has a row that
    says so, and no part in the statistics.

    Args:
        rules: Rules as `bp`, `fa`, `dfa`, with their fields as `fa:frsf`, or of a file of yours as
            `mine.py:MyRule`. The first is the reference.
        budget: What each rule may spend on training, as epochs:10, updates:6000, examples:600000
            or seconds:60 (without compiling and measuring); None: EPOCHS.
        tune: Search each rule's own space with so many trials, chosen on validation, from a seed
            that no final run has; then train with the best. Needs OUT. None: all share the
            settings.
        tune_seconds: The same for so many seconds each.
        jobs: Rules side by side, each in a process with its share of the cores; None: one after
            the other.
        scheduler: Give each rule to a worker of this dask scheduler, as tcp://10.0.0.1:8786 (needs
            apical[cluster]). OUT must be on a file system that workers and this command share;
            workers find data sets by their own $APICAL_DATA, and files of yours at the same path.
    """
    from apical.comparison.compare import Comparison, plan

    console = terminal.console()
    chosen: list[Rule] = [rule_of(text) for text in rules]
    workers = workers_of(jobs, scheduler, options.out)
    searched = tune is not None or tune_seconds is not None
    tuning = Tuning(tune, tune_seconds) if searched else None
    if tune_seconds is not None and workers is not None:
        raise UsageError(
            "tune_seconds: trials side by side take each other's time; leave out --jobs and "
            "--scheduler, or give a number of trials by --tune"
        )
    dataset = data.load()
    with ExitStack() as stack:
        face = _Searching(stack, console, tuning)
        made = plan(
            chosen, dataset, settings,
            seeds=range(options.seed, options.seed + options.seeds),
            budget=budget, tuning=tuning, out=options.out, named=data.named, workers=workers,
            trial=face.trial, listeners=(face.event,),
        )  # fmt: skip
    for each in made.contestants:
        if each.terms == each.label:
            console.print(f"{each.label} takes no such settings: it is set against bp at its own")
    if workers is None:
        ended = _one_by_one(made, options, console)
    else:
        assert options.out is not None
        place = options.out.absolute()
        asked = [
            RuleJob(c.label, c.rule, c.settings, data.named, _of(c, options), place / c.folder)
            for c in made.to_train
        ]
        ended = side_by_side(asked, dataset, workers, console)
    _tell(Comparison.of(made, ended), options.out, console)


def _one_by_one(
    made: "Plan", options: RunOptions, console: Console
) -> dict[str, Measured | Diverged]:
    ended: dict[str, Measured | Diverged] = {}
    for each in made.to_train:
        train = partial(run, each.rule, made.data, each.settings, _of(each, options), console)
        ended[each.label] = unless_diverged(train)
    return ended


def _of(contestant: "Contestant", options: RunOptions) -> RunOptions:
    """In its folder, in which it goes on if there is anything."""
    if options.out is None:
        return options
    out = options.out / contestant.folder
    resume = options.resume or (RunFolder(out).exists and not options.overwrite)
    return dataclasses.replace(options, out=out, resume=resume)


def _tell(found: "Comparison", out: Path | None, console: Console) -> None:
    """The table and the pairs in words; with a folder, its files and figures."""
    console.print(_scores(found))
    console.print(_costs(found))
    for each in found.differences:
        console.print(each.words, soft_wrap=True, highlight=False)
    if out is None:
        return
    from apical.comparison.figures import draw
    from apical.comparison.tables import write

    for figure in draw(found, out):
        console.print(f"figure: {figure}", soft_wrap=True)
    for path in write(found, out):
        console.print(f"comparison: {path}", soft_wrap=True)


def _scores(found: "Comparison") -> Table:
    from apical.comparison.tables import APART, LEFT_OUT, scores

    heading, *rows = scores(found)
    notes = [
        "±: 95 % t intervals over seeds, paired for differences; p: Holm-adjusted t tests; cosine:",
        "hidden updates with BP's, mean over layers and seeds, before -> after training",
    ]
    if any(each.terms for each in found.plan.contestants):
        notes.append(f"* {APART}")
    if found.diverged:
        notes.append(LEFT_OUT)
    title, caption = f"On equal terms: {found.plan.terms}", " ".join(notes)
    columns = [heading.index(column) for column in heading if column not in ("to", "seeds needed")]
    shown = terminal.table(
        *(heading[i] for i in columns), "cosine with BP", title=title, caption=caption
    )
    for each, row in zip(found.plan.contestants, rows, strict=True):
        measured = found.results.get(each.label)
        cosine = "" if measured is None else _cosines(measured)
        shown.add_row(*(row[i] for i in columns), cosine)
    return shown


def _costs(found: "Comparison") -> Table:
    from apical.comparison.tables import costs

    heading, *rows = costs(found)
    shown = terminal.table(*heading, title="What a seed spent, and a step beside bp's")
    for row in rows:
        shown.add_row(*row)
    return shown


def _cosines(result: Measured) -> str:
    def hidden(rows):
        return float(np.nanmean(np.array([r["alignment"]["cosine"][:-1] for r in rows], float)))

    last = max(row["epoch"] for row in result.metrics)
    after = hidden([row for row in result.metrics if row["epoch"] == last])
    return f"{hidden(result.initial):.2f} -> {after:.2f}"


class _Searching:
    """Progress over the trials of all searches: a bar, and a line a trial."""

    def __init__(self, stack: ExitStack, console: Console, tuning: Tuning | None):
        self._console, self._tuning, self._ended = console, tuning, 0
        if tuning is not None:
            self._progress = stack.enter_context(bar(console, "trials"))
            self._bar = self._progress.add_task("tuning", total=None, note="compiling")

    def event(self, event: "Event") -> None:
        from apical.training.events import Epoch

        if self._tuning is not None and isinstance(event, Epoch) and event.number:
            with seen():
                self._progress.update(self._bar, note=f"epoch {event.number}")

    def trial(self, contestant: "Contestant", trial: "Trial") -> None:
        self._ended += 1
        self._progress.update(self._bar, completed=self._ended, note="")
        drawn = " ".join(f"{name} {words(value)}" for name, value in trial.values.items())
        score = f"val {contestant.settings.target.score} {100 * trial.score:.2f}%"
        self._console.print(
            f"{contestant.label} trial {trial.number}, {drawn}: {trial.diverged or score}",
            soft_wrap=True, highlight=False,
        )  # fmt: skip
