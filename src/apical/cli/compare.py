"""`apical compare RULE...`: several rules on equal terms, side by side."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Annotated

import jax
import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from apical.cli.support import terminal
from apical.cli.support.console import run
from apical.cli.support.flags import DataOptions, RunOptions, cli, flags
from apical.cli.support.rule_jobs import RuleJob, side_by_side
from apical.cli.support.workers import workers_of
from apical.data import Dataset
from apical.errors import UsageError
from apical.networks.targets import Target
from apical.report.labels import rule_labels
from apical.rules import Rule
from apical.runs.statistics import half_width, paired_difference
from apical.settings import Settings
from apical.training.how import Measured
from apical.training.task import Task
from apical.values.spelling import spell
from apical.values.value import parse

ASKED = ("hidden", "target", "epochs", "steps_per_epoch")
"""Settings of task, size and budget, which no rule insists on."""


def main(args: list[str]) -> None:
    cli(compare, args, "apical compare")


def compare(
    rules: Annotated[tuple[str, ...], tyro.conf.Positional],
    settings: Settings = Settings(),
    data: DataOptions = DataOptions(),
    options: RunOptions = RunOptions(),
    jobs: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Train rules from the same initial weights, in the same data order, for the same budget.

    Args:
        rules: Rules as `bp`, `fa`, `dfa`, or with their fields: `fa:frsf`.
        jobs: Rules side by side, each in a process with its share of the cores; None: one after
            the other.
        scheduler: Give each rule to a worker of this dask scheduler, as tcp://10.0.0.1:8786 (needs
            apical[cluster]). OUT must be on a file system that workers and this command share;
            workers find data sets by their own $APICAL_DATA.
    """
    console = terminal.console()
    chosen: list[Rule] = [parse(Rule, text) for text in rules]
    if len(chosen) < 2 or len({spell(rule) for rule in chosen}) < len(chosen):
        raise UsageError("compare: name at least two rules, each once, as in: bp fa dfa")
    workers = workers_of(jobs, scheduler, options.out)
    dataset = data.load()
    for rule in chosen:
        accept(rule, dataset, settings)
    labels = rule_labels(chosen)
    results: dict[str, Measured] = {}
    if workers is None:
        for rule, label in zip(chosen, labels, strict=True):
            out = None if options.out is None else options.out / _folder(rule)
            results[label] = run(
                rule, dataset, settings, dataclasses.replace(options, out=out), console
            )
    else:
        assert options.out is not None
        place = options.out.absolute()
        asked = [
            RuleJob(label, rule, settings, data.named, options, place / _folder(rule))
            for rule, label in zip(chosen, labels, strict=True)
        ]
        results = side_by_side(asked, dataset, workers, console)
    console.print(_table(results, settings.target))
    if options.out is not None:
        _figure([options.out / _folder(rule) for rule in chosen], options.out, console)


def accept(rule: Rule, data: Dataset, settings: Settings) -> None:
    """Raise `UsageError` if the rule refuses the settings, with those that it would take."""
    try:
        _build(rule, data, settings)
    except UsageError as error:
        cured = _with_recipe(rule, settings)
        # What its recipe does not cure, such as too many classes, is told first.
        _build(rule, data, cured)
        wanted = " ".join(flags(cured, settings))
        raise UsageError(
            f"compare: all rules train with the same settings, and {rule.name} refuses these "
            f"({error}); it takes those of its recipe, so compare with {wanted}"
        ) from None


def _build(rule: Rule, data: Dataset, settings: Settings) -> None:
    task = Task(rule, data, settings)
    jax.eval_shape(lambda: task.begin(0))


def _with_recipe(rule: Rule, settings: Settings) -> Settings:
    """The settings with all of the rule's recipe that is not for the user to say."""
    asked = {name: getattr(settings, name) for name in ASKED}
    return dataclasses.replace(rule.recipe, **asked)


def _folder(rule: Rule) -> str:
    """Folder name: the rule's spelling with `:` and `/` replaced by `-`."""
    return re.sub("[:/]", "-", spell(rule))


def _table(results: dict[str, Measured], target: Target) -> Table:
    reference, *_ = results
    table = terminal.table(
        "rule",
        f"test {target.score} (%)",
        f"difference to {reference}",
        "s / epoch",
        "cosine with BP",
        title="On equal terms",
        caption="intervals: 95 % t over seeds, paired for differences; "
        "cosine: hidden updates, mean over layers and seeds, before -> after training",
    )
    metric = target.metric("test")
    base = results[reference].summary[metric]["list"]
    for name, result in results.items():
        score = result.summary[metric]
        difference = paired_difference(score["list"], base)
        table.add_row(
            name,
            _interval(score["mean"], half_width(score["list"])),
            "" if name == reference else _interval(*difference, sign="+"),
            f"{result.summary['seconds_per_epoch']:.2f}",
            _cosines(result),
        )
    return table


def _interval(mean: float, half: float, sign: str = "") -> str:
    spread = "" if math.isnan(half) else f" ± {100 * half:.2f}"
    return f"{100 * mean:{sign}.2f}{spread}"


def _cosines(result: Measured) -> str:
    def hidden(rows):
        return float(np.nanmean(np.array([r["alignment"]["cosine"][:-1] for r in rows], float)))

    last = max(row["epoch"] for row in result.metrics)
    after = hidden([row for row in result.metrics if row["epoch"] == last])
    return f"{hidden(result.initial):.2f} -> {after:.2f}"


def _figure(folders: list[Path], out: Path, console: Console) -> None:
    from apical.report.curves import draw
    from apical.runs.reading import RunData

    runs = [RunData.read(folder) for folder in folders]
    console.print(f"figure: {draw(runs, out / 'comparison.png')}", soft_wrap=True)
