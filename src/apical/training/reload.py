"""A run from its folder: the task it was, and the models it trained."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import jax
import numpy as np

from apical.data import Dataset, load
from apical.errors import UsageError
from apical.networks.targets import Label
from apical.runs.checkpoints import Checkpoints
from apical.runs.folder import RunFolder
from apical.settings import Settings
from apical.training.model import Model
from apical.training.selection import Last, Selection
from apical.training.supervised import Carry, Supervised
from apical.training.task import Task
from apical.values.spelling import decode, spell

T = TypeVar("T")


def reload(
    path: Path | str, data: Dataset | None = None, network: Selection = Last()
) -> tuple[Task, dict[int, Model]]:
    """The task of a run and one model of each seed, by default that of the last epoch.

    `data` stands in for a data set that only its maker has (`from_arrays`).
    Raises `UsageError` if `path` is no run, has no checkpoint, or does not keep that network.
    """
    task, taken = _each_seed(path, data, network.take)
    return task, {
        seed: Model.of(task, kept.parameters, kept.epoch, None if carry is None else carry.state)
        for seed, (kept, carry) in taken.items()
    }


def reload_classifiers(path: Path | str, network: Selection) -> tuple[Task, dict[int, Model]]:
    """As `reload`. Raises `UsageError` if the networks were not trained to name classes."""
    task, models = reload(path, network=network)
    if not isinstance(task.settings.target, Label):
        raise UsageError(
            f"{path}: its networks were trained towards the {spell(task.settings.target)} and name "
            "no class; name a run that was trained towards labels"
        )
    return task, models


def reload_carries(path: Path | str, data: Dataset | None = None) -> tuple[Task, dict[int, Carry]]:
    """All that went from step to step: network, rule's state, optimizer, after the last epoch."""
    return _each_seed(path, data, lambda saved, learner, like: saved.restore(saved.latest(), like))


def _each_seed(
    path: Path | str, data: Dataset | None, read: Callable[[Checkpoints, Supervised, Carry], T]
) -> tuple[Task, dict[int, T]]:
    """The task, and what `read` gives of the checkpoints of each seed that has any."""
    folder = RunFolder(path)
    config = folder.config()
    if not folder.keeps_networks:
        raise UsageError(
            f"{folder.path}: holds no network: no checkpoint yet (go on with `apical train ... "
            "--resume`), or a record of a run, which keeps what was measured alone"
        )
    name, classes = config["data"]["name"], config["data"]["classes"]
    settings = Settings.from_json(config["settings"])
    task = Task(decode(config["rule"]), data or _data(name, tuple(classes)), settings)
    found = {}
    for seed in range(config["seed"], config["seed"] + config["seeds"]):
        checkpoints = folder.checkpoints(seed)
        if checkpoints.latest():
            found[seed] = read(checkpoints, task.learner, _like(task, seed))
    return task, found


def _like(task: Task, seed: int) -> Carry:
    """Zeros in the structure of a carry; nothing is drawn."""
    shapes = jax.eval_shape(lambda: task.begin(seed))
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)


@lru_cache(maxsize=2)
def _data(name: str, classes: tuple[str, ...]) -> Dataset:
    dataset = load(name)
    if classes == dataset.classes:
        return dataset
    if unknown := [c for c in classes if c not in dataset.classes]:
        raise UsageError(
            f"data: the run's configuration names the class {unknown[0]!r}, and {name} has "
            f"{', '.join(dataset.classes)}; restore config.json, or give the data from Python"
        )
    return dataset.select([dataset.classes.index(c) for c in classes])
