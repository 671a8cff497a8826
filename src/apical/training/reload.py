"""A run from its folder: the task it was, and the models it trained."""

import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from apical.data import Dataset, load
from apical.data.tables import header_of, user_file
from apical.errors import UsageError
from apical.networks.targets import Label
from apical.rules import State
from apical.runs.checkpoints import Checkpoints
from apical.runs.folder import RunFolder, is_generative
from apical.runs.inputs import Inputs
from apical.runs.reading import unfinished
from apical.settings import Settings
from apical.training.model import Model
from apical.training.model_file import unlearned
from apical.training.selection import Last, Selection
from apical.training.supervised import Carry, Supervised
from apical.training.task import Task
from apical.training.trainer import Trainer
from apical.values.spelling import decode, spell
from apical.values.value import read

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


def load_model(
    run: Path | str, *, seed: int | None = None, network: Selection | str = Last()
) -> Model:
    """The trained model of a run: it takes raw examples, and needs no training data.

    A run that has not ended gives what was last saved, with a warning.

    **Arguments:**

    - `run`: the folder of a run, as given to `out` of `fit` or to `--out`.
    - `seed`: which of its networks; None: that of the first seed.
    - `network`: "last", after the last epoch, or "best", after that of best validation score.

    **Raises:** `UsageError` if `run` is no run of a rule or keeps no network, for a seed that it
    has not or that has no network yet, and if it does not keep that of the best epoch;
    `DataError` if a checkpoint is damaged.

    !!! example

        >>> import tempfile
        >>> import apical
        >>> data = apical.load("digits")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = apical.fit("bp", data, hidden=(8,), epochs=2, out=f"{folder}/bp")
        ...     model = apical.load_model(f"{folder}/bp", network="best")
        >>> model.predict(data.test.x[:5]).shape
        (5,)
    """
    selection: Selection = read(Selection, network, "network")
    run = read(str, run, "run")
    if Path(run).is_file():
        raise UsageError(
            f"{run}: is a file, expected the folder of a run; one that Model.save wrote is read by "
            "apical.Model.load"
        )
    folder = RunFolder(run)
    config = _of_a_rule(folder)
    checkpoints = saved(folder, config)
    if seed is None:
        seed = min(checkpoints)
    if seed not in checkpoints:
        seeds = range(config["seed"], config["seed"] + config["seeds"])
        if seed in seeds:
            told = f"{run} has no network of seed {seed} yet, only of {sorted(checkpoints)}"
        else:
            told = f"{run} has the seeds {list(seeds)}, not {seed!r}"
        raise UsageError(f"seed: {told}")
    if note := unfinished(folder):
        warnings.warn(note, stacklevel=2)
    inputs = Inputs.read(folder.inputs)
    if inputs is None:  # an earlier apical has written it
        return reload(run, network=selection)[1][seed]
    rule, settings = decode(config["rule"]), Settings.from_json(config["settings"])
    classes = tuple(config["data"]["classes"])
    learner, net = unlearned(rule, settings, inputs.shape, len(classes))
    kept, _ = selection.take(checkpoints[seed], learner, Carry(net, State(), None, None))
    shape, transform, labels, _ = inputs
    return Model(learner, kept.parameters, None, kept.epoch, transform, shape, classes, labels)


def columns_of(run: Path | str) -> tuple[str, ...]:
    """What the table that a run was trained on calls the numbers of a row.

    Raises `UsageError` for other data, and if neither the run nor the table tells them any more.
    """
    folder = RunFolder(run)
    name = _of_a_rule(folder)["data"]["name"]
    file = user_file(name)
    if file is None or file.path.suffix.lower() == ".npz":
        raise UsageError(f"{run}: was trained on {name}, which is no table; name image files")
    inputs = Inputs.read(folder.inputs)
    if inputs is not None and inputs.columns:
        return inputs.columns
    if file.is_here():  # an earlier apical has written the run
        return header_of(file.path, file.column)
    raise UsageError(
        f"{run}: does not say what its columns were called, and {file.path} is gone; restore it"
    )


def reload_carries(path: Path | str, data: Dataset | None = None) -> tuple[Task, dict[int, Carry]]:
    """All that went from step to step: network, rule's state, optimizer, after the last epoch."""
    return _each_seed(path, data, lambda saved, learner, like: saved.restore(saved.latest(), like))


def _each_seed(
    path: Path | str, data: Dataset | None, read: Callable[[Checkpoints, Supervised, Carry], T]
) -> tuple[Task, dict[int, T]]:
    """The task, and what `read` gives of the checkpoints of each seed that has any."""
    folder = RunFolder(path)
    config = _of_a_rule(folder)
    settings = Settings.from_json(config["settings"])
    task = Task(decode(config["rule"]), data or data_of(config), settings)
    return task, {
        seed: read(checkpoints, task.learner, like(task.trainer))
        for seed, checkpoints in saved(folder, config).items()
    }


def _of_a_rule(folder: RunFolder) -> dict[str, Any]:
    """The configuration of a run whose networks a rule trained. Raises `UsageError` for another."""
    config = opened(folder)
    if is_generative(config):
        raise UsageError(
            f"{folder.path}: holds a generative model, which names no class; use `apical generate "
            f"evaluate {folder.path}`, or sample or inpaint in place of evaluate"
        )
    return config


def opened(folder: RunFolder) -> dict[str, Any]:
    """The configuration of a run. Raises `UsageError` if it is none, or keeps no checkpoint."""
    config = folder.config()
    if not folder.keeps_networks:
        command = "apical generate train" if is_generative(config) else "apical train"
        raise UsageError(
            f"{folder.path}: holds no network: no checkpoint yet (go on with `{command} ... "
            "--resume`), or a record of a run, which keeps what was measured alone"
        )
    return config


def saved(folder: RunFolder, config: dict[str, Any]) -> dict[int, Checkpoints]:
    """The checkpoints of each seed that has any."""
    seeds = range(config["seed"], config["seed"] + config["seeds"])
    each = {seed: folder.checkpoints(seed) for seed in seeds}
    return {seed: checkpoints for seed, checkpoints in each.items() if checkpoints.latest()}


def like(trainer: Trainer) -> Any:
    """Zeros in the structure of a carry; nothing is drawn."""
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), trainer.shapes)


def data_of(config: dict[str, Any]) -> Dataset:
    """The data set that a run's configuration names."""
    told = config["data"]
    return _data(told["name"], tuple(told["classes"]), tuple(told.get("left_out", ())))


@lru_cache(maxsize=2)
def _data(name: str, classes: tuple[str, ...], left_out: tuple[str, ...]) -> Dataset:
    dataset = load(name, left_out=left_out)
    if classes == dataset.classes:
        return dataset
    if unknown := [c for c in classes if c not in dataset.classes]:
        raise UsageError(
            f"data: the run's configuration names the class {unknown[0]!r}, and {name} has "
            f"{', '.join(dataset.classes)}; restore config.json, or give the data from Python"
        )
    return dataset.select([dataset.classes.index(c) for c in classes])
