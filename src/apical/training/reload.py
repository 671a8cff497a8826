"""A run from its folder: the task it was, and the networks it trained."""

from functools import lru_cache
from pathlib import Path

import jax
import numpy as np

from apical.data import Dataset, load
from apical.errors import UsageError
from apical.network import Network
from apical.settings import Settings
from apical.training.epoch import Carry
from apical.training.folder import RunFolder
from apical.training.train import Task
from apical.values import decode


def reload(path: Path | str, data: Dataset | None = None) -> tuple[Task, dict[int, Network]]:
    """The task of a run and the last saved network of each seed.

    `data` stands in for a data set that only its maker has (`from_arrays`).
    Raises `UsageError` if `path` is no run or has no checkpoint.
    """
    task, carries = reload_carries(path, data)
    return task, {seed: carry.net for seed, carry in carries.items()}


def reload_carries(path: Path | str, data: Dataset | None = None) -> tuple[Task, dict[int, Carry]]:
    """The same with all that went from step to step: network, rule's state, optimizer."""
    folder = RunFolder(path)
    config = folder.read("config.json")
    name, classes = config["data"]["name"], config["data"]["classes"]
    settings = Settings(**decode(config["settings"]))
    task = Task(decode(config["rule"]), data or _data(name, tuple(classes)), settings)
    carries = {}
    for seed in range(config["seed"], config["seed"] + config["seeds"]):
        checkpoints = folder.checkpoints(seed)
        if latest := checkpoints.latest():
            carries[seed] = checkpoints.restore(latest, _like(task, seed))
        checkpoints.close()
    if not carries:
        raise UsageError(
            f"{folder.path}: no checkpoint yet; go on with `apical train ... --resume`"
        )
    return task, carries


def predict(task: Task, network: Network, images) -> jax.Array:
    """The network's outputs on raw examples, shape (n, *data.shape)."""
    return network(task.transforms.test(images))


def _like(task: Task, seed: int) -> Carry:
    """Zeros in the structure of a carry; nothing is drawn."""
    shapes = jax.eval_shape(lambda: task.begin(seed))
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)


@lru_cache(maxsize=2)
def _data(name: str, classes: tuple[str, ...]) -> Dataset:
    dataset = load(name)
    if classes == dataset.classes:
        return dataset
    return dataset.select([dataset.classes.index(c) for c in classes])
