"""Curves of one or several runs: error, loss, alignment with BP, feedback angle."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from apical.errors import UsageError
from apical.report.runs import RunData
from apical.report.statistics import half_width
from apical.report.style import colours, look

LAYER_STYLES = ("-", "--", "-.", ":")


def draw(runs: Sequence[RunData], out: Path) -> Path:
    """Save a figure of four panels at `out`, whose ending says the format.

    Lines are means over seeds, bands their 95 % t intervals.
    Raises `UsageError` if no run has an epoch yet or `out` cannot be written.
    """
    if not any(run.rows for run in runs):
        paths = ", ".join(str(run.path) for run in runs)
        raise UsageError(f"plot: no finished epoch in {paths}; train first")
    labels = _labels(runs)
    palette = colours(labels)
    with look():
        figure, axes = plt.subplots(2, 2, figsize=(8.2, 6))
        for axis, panel in zip(axes.flat, (_error, _loss, _cosine, _angle), strict=True):
            for run, label in zip(runs, labels, strict=True):
                panel(axis, run, label, palette[label])
            axis.set_xlabel("epoch")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=min(len(runs), 5),
        )
        _layer_legend(axes[1, 0], runs)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(out)
        except (ValueError, OSError) as error:
            raise UsageError(f"plot: cannot write {out}: {error}; try a .png or .svg") from None
        finally:
            plt.close(figure)
    return out


def band(
    axis: Axes,
    curves: dict[int, tuple[list[int], list[float]]],
    transform: Callable[[float], float] = float,
    **style,
) -> None:
    """Mean over the seeds against the epochs that all of them have, with its interval."""
    if not curves:
        return
    shared = sorted(set.intersection(*(set(epochs) for epochs, _ in curves.values())))
    values = np.array(
        [
            [transform(dict(zip(epochs, found, strict=True))[e]) for e in shared]
            for epochs, found in curves.values()
        ]
    )
    mean = values.mean(axis=0)
    axis.plot(shared, mean, **style)
    if len(values) > 1:
        half = np.array([half_width(column) for column in values.T.tolist()])
        axis.fill_between(
            shared, mean - half, mean + half, color=style["color"], alpha=0.2, linewidth=0
        )


def _error(axis, run, label, colour):
    # Epoch 0, near chance, would squeeze all that comes after it.
    trained = run.curves("val_accuracy", first=1)
    band(axis, trained, lambda accuracy: 100 * (1 - accuracy), color=colour, label=label)
    axis.set_ylabel("validation error (%)")
    _log(axis)


def _loss(axis, run, label, colour):
    band(axis, run.curves("train_loss"), color=colour, label=label)
    axis.set_ylabel("training loss")
    _log(axis)


def _log(axis: Axes) -> None:
    """A logarithmic axis with plain numbers at 1, 2 and 5 of each decade."""
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())


def _cosine(axis, run, label, colour):
    _by_layer(axis, run.curves("alignment", "cosine"), colour, skip_output=True)
    axis.set_ylabel("cosine of hidden update with BP's")
    axis.set_ylim(-0.3, 1.05)


def _angle(axis, run, label, colour):
    _by_layer(axis, run.curves("alignment", "feedback_angle"), colour, skip_output=True)
    axis.set_ylabel("angle of feedback to weights (deg)")
    axis.set_yticks([0, 30, 60, 90])
    axis.set_ylim(-5, 120)


def _by_layer(axis, curves, colour, *, skip_output: bool):
    layers = len(next(iter(curves.values()))[1][0]) - skip_output if curves else 0
    for l in range(layers):
        chosen = {
            seed: (epochs, [np.nan if v[l] is None else v[l] for v in values])
            for seed, (epochs, values) in curves.items()
        }
        band(axis, chosen, color=colour, linestyle=LAYER_STYLES[l % len(LAYER_STYLES)])


def _layer_legend(axis, runs):
    layers = max(len(run.config["settings"]["hidden"]) for run in runs)
    if layers > 1:
        for l in range(layers):
            style = LAYER_STYLES[l % len(LAYER_STYLES)]
            axis.plot([], [], color="grey", linestyle=style, label=f"hidden layer {l + 1}")
        axis.legend(loc="best", fontsize=8)


def _labels(runs: Sequence[RunData]) -> list[str]:
    """The rules; the folder beside them where a rule occurs twice."""
    labels = [run.label for run in runs]
    return [
        f"{label} ({run.path.name})" if labels.count(label) > 1 else label
        for label, run in zip(labels, runs, strict=True)
    ]
