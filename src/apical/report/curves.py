"""The curves of runs in one figure: error, loss, alignment with BP, what else was diagnosed."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from apical.errors import UsageError
from apical.report import generative_curves
from apical.report.axes import band, below, by_decades, lines
from apical.report.labels import run_labels, shared_target
from apical.report.panel import Panel
from apical.report.saving import save_at
from apical.report.style import colours, look
from apical.runs.folder import is_generative
from apical.runs.reading import RunData, stack

LAYER_STYLES = ("-", "--", "-.", ":")
SPLITS = {"test": "test", "val": "validation"}
RUNNING = "Training loss: the running one, of each minibatch before its update."


def draw(runs: Sequence[RunData], out: Path, labels: Sequence[str] | None = None) -> Path:
    """Draw the curves of runs, in a panel for each quantity that any has, and save them; `out`.

    Lines are means over seeds, bands their 95 % t intervals. Scores are those of the
    test split, where every run recorded them, and else of the one for validation; the axis says
    which. Of generative models they are log p(x, h) over the epochs and along inference, the
    reconstruction error and the loss.

    **Arguments:**

    - `runs`: a line, or one for each hidden layer, for each of them.
    - `out`: a file; its ending says the format.
    - `labels`: of the runs, which decide their colours too; None: what tells them apart.

    **Raises:** `UsageError` if no run has an epoch yet, if not all are scored alike, or if the
    ending is no format; `WriteError` if the file cannot be written.

    !!! example

        >>> import tempfile
        >>> import apical
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Path(folder) / "run"
        ...     _ = apical.fit(apical.BP(), apical.load("iris"), epochs=2, batch_size=10, out=run)
        ...     draw([RunData.read(run)], Path(folder) / "curves.png").name
        'curves.png'
    """
    if not any(run.rows for run in runs):
        paths = ", ".join(str(run.path) for run in runs)
        raise UsageError(f"plot: no finished epoch in {paths}; train first")
    panels, note = _panels(runs)
    if labels is None:
        drawn = list(zip(runs, run_labels(runs), _colours(runs), strict=True))
    else:
        palette = colours(labels)
        drawn = [(run, label, palette[label]) for run, label in zip(runs, labels, strict=True)]
    with look():
        across = 2 if len(panels) in (2, 4) else len(panels) if len(panels) <= 5 else 4
        down = math.ceil(len(panels) / across)
        size = (4.1 * across, 6 if across == down == 2 else 3.5 * down)
        figure, axes = plt.subplots(down, across, figsize=size, squeeze=False)
        for axis in axes.flat[len(panels) :]:
            axis.remove()
        for axis, panel in zip(axes.flat, panels, strict=False):
            axis.set_xlabel("epoch")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            for run, label, colour in drawn:
                panel.draw(axis, run, label, colour)
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=min(len(runs), 5),
        )
        by_layer = [axis for axis, panel in zip(axes.flat, panels, strict=False) if panel in LAYERS]
        if by_layer:
            _layer_legend(by_layer[0], runs)
        below(figure, " ".join((*lines(run.config["seeds"] for run in runs), note)))
        return save_at(figure, out, "plot")


def _panels(runs: Sequence[RunData]) -> tuple[list[Panel], str]:
    """What is drawn of runs, and a note. Raises `UsageError` if they have no scale in common."""
    panels, note = _all_panels(runs)
    return [panel for panel in panels if any(map(panel.shows, runs))], note


def _all_panels(runs: Sequence[RunData]) -> tuple[tuple[Panel, ...], str]:
    generative = [run for run in runs if is_generative(run.config)]
    if not generative:
        split = _split(runs)
        score = Panel(partial(_shortfall, split=split), (shared_target(runs).metric(split),))
        return (score, Panel(_loss, ("train_loss",)), *LAYERS), RUNNING
    if other := [run for run in runs if run not in generative]:
        raise UsageError(
            f"{generative[0].path} is a generative model, {other[0].path} was trained by a rule, "
            "and their scores have no scale in common; draw them apart"
        )
    return generative_curves.panels(generative), generative_curves.RUNNING


def _split(runs):
    """The test split, where every run recorded its scores, and else the one for validation."""
    metric = shared_target(runs).metric
    return next((s for s in SPLITS if all(run.curves(metric(s), first=1) for run in runs)), "val")


def _shortfall(axis, run, label, colour, split):
    target = shared_target([run])
    # Epoch 0, near chance, would squeeze all that comes after it.
    epochs, score = stack(run.curves(target.metric(split), first=1))
    band(axis, epochs, 100 * (1 - score), color=colour, label=label)
    axis.set_ylabel(f"{SPLITS[split]} {target.shortfall} (%)")
    by_decades(axis)


def _loss(axis, run, label, colour):
    band(axis, *stack(run.curves("train_loss")), color=colour, label=label)
    axis.set_ylabel("training loss")
    by_decades(axis)


def _cosine(axis, run, label, colour):
    _hidden(axis, run, "cosine", colour)
    axis.set_ylabel("cosine of hidden update with BP's")
    axis.set_ylim(-0.3, 1.05)


def _angle(axis, run, label, colour):
    _hidden(axis, run, "feedback_angle", colour)
    axis.set_ylabel("angle of feedback to weights (deg)")
    axis.set_yticks([0, 30, 60, 90])
    axis.set_ylim(-5, 120)


def _inversion(axis, run, label, colour):
    _hidden(axis, run, "eigenvalue", colour, of="inversion")
    axis.set_ylabel("largest eigenvalue of (I - f'g')^T (I - f'g')")


def _measured(axis, run, label, colour, *, of, statistic, called):
    _hidden(axis, run, statistic, colour, of=of)
    axis.set_ylabel(called)


def _hidden(axis, run, statistic, colour, of="alignment"):
    """A line for each hidden layer."""
    epochs, values = stack(run.curves(of, statistic))
    for l in range(run.hidden_layers if len(epochs) else 0):
        style = LAYER_STYLES[l % len(LAYER_STYLES)]
        band(axis, epochs, values[..., l], color=colour, linestyle=style)


LAYERS = (
    Panel(_cosine, ("alignment", "cosine")),
    Panel(_angle, ("alignment", "feedback_angle")),
    Panel(_inversion, ("inversion", "eigenvalue")),
    *(
        Panel(partial(_measured, of=of, statistic=statistic, called=called), (of, statistic))
        for of, statistic, called in (
            ("gauss_newton", "angle", "hidden update to Gauss-Newton's (deg)"),
            ("saturation", "share", "share of saturated hidden units"),
            ("effective_rank", "update", "effective rank of hidden updates"),
            ("effective_rank", "activity", "effective rank of hidden activities"),
        )
    ),
)
"""Panels with a line for each hidden layer."""


def _layer_legend(axis, runs):
    layers = max(run.hidden_layers for run in runs)
    if layers > 1:
        for l in range(layers):
            style = LAYER_STYLES[l % len(LAYER_STYLES)]
            axis.plot([], [], color="grey", linestyle=style, label=f"hidden layer {l + 1}")
        axis.legend(loc="best", fontsize=8)


def _colours(runs: Sequence[RunData]) -> list[str]:
    """A colour for each run. The first run of a rule has the rule's own."""
    seen: list[str] = []
    for run in runs:
        again = seen.count(run.spelled)
        seen.append(f"{run.spelled} {run.path}" if again else run.spelled)
    palette = colours(seen)
    return [palette[name] for name in seen]
