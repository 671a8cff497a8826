"""Train a generative model on a data set, for one or several seeds, and keep what happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apical.data import Dataset
from apical.errors import UsageError, short
from apical.generative.generative_model import GenerativeModel
from apical.generative.latent_model import LatentModel
from apical.generative.task import GenerativeTask
from apical.runs.precision import full_precision
from apical.settings import Unsupervised
from apical.training.how import CHECKPOINT_SECONDS, How, Measured, data_of
from apical.training.listeners.spec import Listening


@dataclass(frozen=True)
class Result(Measured):
    """What `fit` leaves in memory."""

    models: dict[int, GenerativeModel]
    """What was trained, by seed."""


@full_precision()
def fit(
    model: LatentModel,
    data: Dataset | str,
    settings: Unsupervised | None = None,
    *,
    seeds: int = 1,
    seed: int = 0,
    together: bool = False,
    out: Path | str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    listeners: Iterable[Listening] = (),
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    devices: int | str = 1,
    shard_weights: bool = False,
    **changes: Any,
) -> Result:
    """Train `model` on the examples of `data`, whose labels are not read.

    **Arguments:**

    - `model`: the hyper-parameters.
    - `data`: a data set, or the name of one that `apical.load` knows.
    - `settings`: of the optimizer and the loop; None: the model's recipe.
    - `changes`: fields of the settings that are to be otherwise, as in `epochs=5, lr=1e-2`.
    - the others: as for `apical.fit`.

    **Raises:** as `apical.fit`.

    !!! example

        >>> import apical
        >>> result = fit(apical.IteratedTargetProp((20, 5)), "digits", epochs=2)
        >>> sorted(result.metrics[-1])[-3:]
        ['train_loss', 'val_log_joint', 'val_reconstruction']
    """
    how = How(
        seeds, seed, together, out, resume, overwrite, listeners, checkpoint_seconds, devices,
        shard_weights,
    )  # fmt: skip
    data = data_of(data)
    if not isinstance(settings, Unsupervised | None):
        raise UsageError(
            f"settings: must be an apical.settings.Unsupervised, got {short(settings)}; single "
            "settings are given by their names, as in epochs=5"
        )
    chosen = (settings or model.recipe).changed(changes, "apical generate train --help")
    task = GenerativeTask(model, data, chosen)
    outcome = how.carry_out(task)
    ended = outcome.ended
    models = {s: task.model_of(carry.stack, ended[s]) for s, carry in outcome.carries.items()}
    return Result(outcome.summary, outcome.rows, outcome.initial, models)
