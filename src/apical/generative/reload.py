"""A run of a generative model from its folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from apical.data import Dataset
from apical.errors import UsageError
from apical.generative.generative_model import GenerativeModel
from apical.generative.latent_model import LatentModel
from apical.generative.task import GenerativeTask
from apical.runs.folder import RESTORE, RunFolder, is_generative
from apical.runs.reading import learned_by
from apical.settings import Unsupervised
from apical.training.reload import data_of, like, opened, saved
from apical.training.selection import Last, Selection
from apical.values.spelling import spell


def reload(
    path: Path | str, data: Dataset | None = None, network: Selection = Last()
) -> tuple[GenerativeTask, dict[int, GenerativeModel]]:
    """The task of a run and one model of each seed, by default that of the last epoch.

    `data` stands in for a data set that only its maker has (`from_arrays`).
    Raises `UsageError` if `path` is no run of a generative model, has no checkpoint, or does not
    keep that network.
    """
    folder = RunFolder(path)
    config = opened(folder)
    if not is_generative(config):
        raise UsageError(
            f"{folder.path}: holds networks that a rule trained, and no generative model; use "
            f"`apical evaluate {folder.path}`, or name a run of `apical generate train`"
        )
    settings = Unsupervised.from_json(config["settings"])
    task = GenerativeTask(model_of(folder.path, config), data or data_of(config), settings)
    models = {}
    for seed, checkpoints in saved(folder, config).items():
        kept, _ = network.take(checkpoints, task.learner, like(task.trainer))
        model = task.model_of(kept.parameters, kept.epoch)
        models[seed] = replace(model, kept_in=checkpoints.folder)
    return task, models


def model_of(path: Path, config: dict[str, Any]) -> LatentModel:
    """The model of a run with this configuration. Raises `UsageError` if it has none."""
    model = learned_by(path, config)
    if not isinstance(model, LatentModel):
        raise UsageError(
            f"{path / 'config.json'}: model: expected a generative one, found {spell(model)}; "
            f"{RESTORE}"
        )
    return model
