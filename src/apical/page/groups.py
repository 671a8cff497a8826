"""A run with its seeds, or the runs of one experiment: what was asked, and what they measured."""

import math
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from apical.generative.learner import LOG_JOINT
from apical.networks.targets import Target
from apical.page.sources import Run, Source
from apical.report.labels import run_labels
from apical.report.style import PALETTE, colours
from apical.rules import BP
from apical.runs.folder import is_generative
from apical.runs.reading import learned_by, stack
from apical.runs.statistics import FEWEST, half_width
from apical.settings import Settings, Unsupervised
from apical.values.arguments import flags
from apical.values.spelling import decode, spell, spell_field
from apical.values.value import Value

MOST_POINTS = 500
"""Of a line; longer ones are thinned."""
LEAST_POINTS = 25
MOST_NUMBERS = 700_000
"""Of all lines of a page together, which is some 6 MB; where there are more, lines are thinned
further."""
DIGITS = 5
Curve = tuple[list[int], list[float | None], list[float | None] | None]
"""Epochs, means over the seeds, and half-widths of their 95 % t intervals, if seeds suffice."""


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seeds alone."""

    label: str
    source: str
    folder: str
    runs: tuple[Run, ...]
    made_by: str | None
    """The command that makes them; None: what their configuration says."""

    @property
    def config(self) -> dict[str, Any]:
        return self.runs[0].data.config

    @cached_property
    def learned(self) -> Value:
        """The rule, or the generative model."""
        return learned_by(self.runs[0].data.path, self.config)

    @property
    def data(self) -> str:
        return self.config["data"]["name"]

    @property
    def seeds(self) -> list[int]:
        """Those that were asked for."""
        asked = (range(r.data.config["seed"], r.data.config["seed"] + r.data.config["seeds"])
                 for r in self.runs)  # fmt: skip
        return sorted(seed for seeds in asked for seed in seeds)

    @property
    def status(self) -> str:
        return ", ".join(sorted({run.status for run in self.runs}))

    @cached_property
    def target(self) -> Target | None:
        """What a network was trained towards; None for generative models."""
        generative = is_generative(self.config)
        return None if generative else decode(self.config["settings"]["target"])

    @property
    def score(self) -> str:
        """What its score is called."""
        return LOG_JOINT.name if self.target is None else self.target.score

    def scores(self, split: str) -> list[float]:
        """The last score of each seed; empty if none was measured."""
        metric = (LOG_JOINT if self.target is None else self.target).metric(split)
        found = []
        for run in self.runs:
            summary = run.summary.get(metric)
            if isinstance(summary, dict) and "list" in summary:
                found += summary["list"]
            else:
                found += [v[-1] for _, v in run.data.curves(metric, first=1).values()]
        return [value for value in found if value is not None]

    @property
    def epochs(self) -> list[int]:
        """How many each seed has had."""
        found: dict[tuple[int, int], int] = {}
        for i, run in enumerate(self.runs):
            for row in run.data.rows:
                found[i, row["seed"]] = max(found.get((i, row["seed"]), 0), row["epoch"])
        return sorted(found.values())

    @property
    def seconds(self) -> float | None:
        """Of an epoch, the median's mean over the runs."""
        known = [r.summary["seconds_per_epoch"] for r in self.runs
                 if r.summary.get("seconds_per_epoch") is not None]  # fmt: skip
        return float(np.mean(known)) if known else None

    @cached_property
    def configuration(self) -> dict[str, str]:
        """What was asked for, a text for each field."""
        kind = "model" if is_generative(self.config) else "rule"
        settings = self.config["settings"].items()
        return {
            kind: spell(self.learned),
            "data": self.data,
            "classes": ", ".join(map(str, self.config["data"]["classes"])),
            **{name: spell_field(decode(value)) for name, value in settings},
        }

    @property
    def commands(self) -> list[str]:
        """What makes these runs again."""
        if self.made_by is not None:
            return [self.made_by]
        return [_command(run.data.config, self.learned) for run in self.runs]

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """What was measured over the epochs, by its name; a layer's ends in its number."""
        return dict(_curves(self.runs, self.target))

    @property
    def hue(self) -> int:
        """Which colour of the palette is its own; -1 for backpropagation's."""
        colour = colours([self.label])[self.label]
        return PALETTE.index(colour) if self.label != BP.name else -1


def groups_of(source: Source) -> list[Group]:
    """The runs of a source, those together that are seeds of one experiment."""
    by_folder: dict[str, list[Run]] = {}
    for run in source.runs:
        path = run.data.path
        seed = source.experiments and path.name.startswith("seed-")
        by_folder.setdefault(str(path.parent if seed else path), []).append(run)
    if source.experiments:
        labels = [folder.rpartition("/")[2] for folder in by_folder]
    else:
        labels = run_labels([runs[0].data for runs in by_folder.values()])
    return [
        Group(label, source.title, folder, tuple(runs), source.command)
        for label, (folder, runs) in zip(labels, by_folder.items(), strict=True)
    ]


def _command(config: dict[str, Any], learned: Value) -> str:
    seeds = [f"--seeds {config['seeds']}"] if config["seeds"] > 1 else []
    seeds += [f"--seed {config['seed']}"] if config["seed"] else []
    about = [f"--data {shlex.quote(config['data']['name'])}", *seeds]
    base: Any = type(learned)()  # a rule or a generative model, which both have a recipe
    generative = is_generative(config)
    settings = (Unsupervised if generative else Settings).from_json(config["settings"])
    asked = [*flags(learned, base), *flags(settings, base.recipe)]
    train = "apical generate train" if generative else "apical train"
    return " ".join([train, learned.name, *asked, *about])


def _curves(runs: Sequence[Run], target: Target | None) -> Iterator[tuple[str, Curve]]:
    rows = [row for run in runs for row in (*run.data.initial[:1], *run.data.rows[-1:])]
    for keys in dict.fromkeys(keys for row in rows for keys in _scalars(row)):
        by_seed: dict[int, tuple[list[int], list[Any]]] = {}
        for run in runs:
            by_seed |= run.data.curves(*keys, first=1 if _of_score(keys, target) else 0)
        epochs, values = stack(by_seed)
        if len(epochs):
            if _of_score(keys, target):
                values = 100 * (1 - values)
            yield _named(keys, target), _summarised(epochs.tolist(), values)


def _scalars(row: dict[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The ways that lead to the numbers of a row: a metric, or a statistic of a layer."""
    for key, value in row.items():
        if key in ("seed", "epoch", "seconds_measuring"):
            continue
        if isinstance(value, dict):
            yield from _scalars(value, (*before, key))
        elif isinstance(value, list):
            if not any(isinstance(item, list | dict) for item in value):
                yield from ((*before, key, str(i)) for i in range(len(value)))
        else:
            yield (*before, key)


def _of_score(keys: tuple[str, ...], target: Target | None) -> bool:
    """Whether it is a score, of which its distance to 1 is drawn, as everywhere."""
    return target is not None and keys[0] in map(target.metric, ("train", "val", "test"))


SPLITS = {"train": "training", "val": "validation", "test": "test"}


def _named(keys: tuple[str, ...], target: Target | None) -> str:
    split, _, rest = keys[0].partition("_")
    if target is not None and _of_score(keys, target):
        return f"{SPLITS[split]} {target.shortfall} (%)"
    if split in SPLITS and len(keys) == 1:
        return f"{SPLITS[split]} {rest.replace('_', ' ')}"
    *words, last = keys
    layer = [f"layer {int(last) + 1}"] if last.isdigit() else [last]
    return ", ".join(word.replace("_", " ") for word in (*words, *layer))


def _summarised(epochs: list[int], values: np.ndarray) -> Curve:
    mean = [_short(v) for v in values.mean(axis=0).tolist()]
    if len(values) < FEWEST:
        return epochs, mean, None
    return epochs, mean, [_short(half_width(column)) for column in values.T.tolist()]


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def points_for(groups: Iterable[Group]) -> int:
    """How many points a line may have, so that all of them fit on a page."""
    curves = [curve for group in groups for curve in group.curves.values()]
    wanted = [(len(epochs), 1 + (half is not None)) for epochs, _, half in curves]
    points = MOST_POINTS
    while points > LEAST_POINTS and sum(min(n, points) * k for n, k in wanted) > MOST_NUMBERS:
        points = int(0.9 * points)
    return points


def thinned(curve: Curve, points: int) -> Curve:
    """At most so many points of a curve, evenly spread, with its first and its last."""
    epochs, mean, half = curve
    if len(epochs) <= points:
        return curve
    kept = sorted({round(i * (len(epochs) - 1) / (points - 1)) for i in range(points)})
    return (
        [epochs[i] for i in kept],
        [mean[i] for i in kept],
        None if half is None else [half[i] for i in kept],
    )
