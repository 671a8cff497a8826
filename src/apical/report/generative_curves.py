"""The panels of a figure of generative models: log p(x, h) over epochs and in inference, errors."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from apical.generative.learner import LOG_JOINT
from apical.generative.reload import model_of
from apical.report.axes import band
from apical.report.panel import Panel
from apical.runs.reading import RunData, stack

ALPHA_STYLES = ("-", "--", "-.", ":")
RUNNING = (
    "log p(x, h): up to a constant, h inferred. Losses are running ones, of each minibatch before "
    "its update."
)


def joint(axis: Axes, run: RunData, label: str, colour: str) -> None:
    """log p(x, h) on validation."""
    # Epoch 0 would squeeze all that comes after it.
    band(axis, *stack(run.curves(LOG_JOINT.metric("val"), first=1)), color=colour, label=label)
    axis.set_ylabel("validation log p(x, h)")


def reconstruction(axis: Axes, run: RunData, label: str, colour: str) -> None:
    """The squared error of x decoded from the top."""
    band(axis, *stack(run.curves("val_reconstruction", first=1)), color=colour)
    axis.set_ylabel("validation squared error of x\ndecoded from the top, per input")


def losses(axis: Axes, run: RunData, label: str, colour: str) -> None:
    """What training descends."""
    band(axis, *stack(run.curves("train_loss")), color=colour, label=label)
    axis.set_ylabel("sum of the local losses")


def along_inference(axis: Axes, run: RunData, label: str, colour: str) -> None:
    """After the last epoch, a line for each alpha of the trace."""
    epochs, values = stack(run.curves("inference", "log_joint", first=1))
    traced = model_of(run.path, run.config).traced if len(epochs) else ()
    for i, by in enumerate(traced):
        last = values[:, -1, i]
        style = ALPHA_STYLES[i % len(ALPHA_STYLES)]
        band(axis, np.arange(last.shape[1]), last, color=colour, linestyle=style)
        end = (last.shape[1] - 1, last[:, -1].mean())
        axis.annotate(f" {by.alpha:g}", end, fontsize=7, va="center", annotation_clip=False)
    axis.set_xlabel("steps of inference after the last epoch\n(beside each line: its alpha)")
    axis.set_ylabel("training log p(x, h)")


def inversion(axis: Axes, run: RunData, label: str, colour: str) -> None:
    """Whether difference targets lead nearer to their aims, by the convergence condition."""
    epochs, values = stack(run.curves("inversion", "eigenvalue"))
    for l in range(values.shape[-1] if len(epochs) else 0):
        band(axis, epochs, values[..., l], color=colour)
    axis.set_ylabel("largest eigenvalue of (I - f'g')^T (I - f'g')")


def panels(runs: Sequence[RunData]) -> tuple[Panel, ...]:
    """What is drawn of these runs; the last panel shows inference if any model traces it."""
    traces = any(model_of(run.path, run.config).traced for run in runs)
    return (
        Panel(joint, (LOG_JOINT.metric("val"),)),
        Panel(reconstruction, ("val_reconstruction",)),
        Panel(losses, ("train_loss",)),
        Panel(along_inference, ("inference", "log_joint"))
        if traces
        else Panel(inversion, ("inversion", "eigenvalue")),
    )
