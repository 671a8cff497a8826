"""The figures of a comparison: curves over the epochs, and error against seconds."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from apical.comparison.compare import Comparison
from apical.report import curves
from apical.report.axes import band, below, by_decades, error_percent, lines
from apical.report.saving import save_at
from apical.report.style import colours, look
from apical.runs.reading import RunData

SPLITS = {"test": "test", "val": "validation"}


def draw(found: Comparison, folder: Path) -> list[Path]:
    """Draw comparison.png and seconds.png in the folder that has the runs; the files.

    Raises `WriteError` if a file cannot be written.
    """
    asked = found.contestants
    runs = [RunData.read(folder / each.folder) for each in asked]
    return [
        curves.draw(runs, folder / "comparison.png", [each.label for each in asked]),
        against_seconds(found, folder / "seconds.png"),
    ]


def against_seconds(found: Comparison, out: Path) -> Path:
    """Draw what the score lacks to 100 % against the seconds of training, and save it; `out`.

    The seconds of an epoch are the median epoch's, which leaves out what compiling took.

    Raises `WriteError` if the file cannot be written.
    """
    asked = found.contestants
    palette = colours([each.label for each in asked])
    target = asked[0].settings.target
    split = "test" if all(each.settings.record_test for each in asked) else "val"
    metric = target.metric(split)
    with look():
        figure, axis = plt.subplots(figsize=(5.2, 3.8))
        for each in asked:
            rows = found.results[each.label].metrics
            seeds = found.results[each.label].summary["seeds"]
            curves = [[r[metric] for r in rows if r["seed"] == seed] for seed in seeds]
            epochs = min(map(len, curves))
            seconds = found.results[each.label].summary["seconds_per_epoch"]
            values = error_percent(np.array([curve[:epochs] for curve in curves], float))
            style = {"linestyle": "--" if each.terms else "-", "label": each.label}
            x = seconds * np.arange(1, epochs + 1)
            band(axis, x, values, color=palette[each.label], **style)
        axis.set_xscale("log")
        axis.set_xlabel("seconds of training")
        axis.set_ylabel(f"{SPLITS[split]} {target.shortfall} (%)")
        by_decades(axis)
        figure.legend(loc="outside upper center", ncols=min(len(asked), 4))
        dashed = ["Dashed: at settings of their own."] * any(each.terms for each in asked)
        below(
            figure,
            " ".join(
                [
                    f"{found.plan.terms}.".capitalize(),
                    *lines([len(found.plan.seeds)]),
                    *dashed,
                    *(f"{name} diverged." for name in found.diverged),
                ]
            ),
        )
        return save_at(figure, out, "compare")
