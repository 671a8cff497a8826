"""A model as one safetensors file: arrays by names, the configuration in the header, no pickle."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from apical.data.preprocessing import Affine
from apical.errors import UsageError
from apical.networks.network import Network
from apical.rules import Rule
from apical.runs.writing import write_whole
from apical.settings import Settings
from apical.training.build import build
from apical.training.model import Model, named_weights
from apical.training.optimizer import build_both
from apical.training.supervised import Supervised
from apical.values.spelling import decode, encode

ENTRY, VERSION = "apical", 1
"""The entry of the header, and what is in it now."""
SHIFT, SCALE = "preprocessing.shift", "preprocessing.scale"


def save(model: Model, path: Path) -> None:
    """Write a model. Raises `WriteError` if the file cannot be written."""
    write_whole(path, content(model))


def content(model: Model) -> bytes:
    """What is in the file of a model."""
    from safetensors.numpy import save as serialised

    arrays = {
        **model.weights,
        SHIFT: np.asarray(model.transform.shift),
        SCALE: np.asarray(model.transform.scale),
    }
    learner = model.learner
    told = {
        "version": VERSION,
        "rule": encode(learner.rule),
        "settings": learner.settings.to_json(),
        "epoch": model.epoch,
        "shape": list(model.shape),
        "classes": list(model.classes),
        "labels": None if model.labels is None else model.labels.tolist(),
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return serialised(contiguous, {ENTRY: json.dumps(told)})


def load(path: Path) -> Model:
    """The model in a file. Raises `UsageError` if there is none that can be read."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: not found; expected a file that Model.save wrote") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return read(found)
    except Exception as error:  # whatever the damaged part of the file happens to break
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(
            f"{path}: expected a model that Model.save wrote, cannot read it ({reason}); restore "
            "it from a copy, or save it again"
        ) from error


def read(found: bytes) -> Model:
    """The model that is in such a file; raises what its damage causes."""
    from safetensors.numpy import load as arrays_of

    arrays = arrays_of(found)
    length = int.from_bytes(found[:8], "little")  # of the header, which is JSON
    told = json.loads(json.loads(found[8 : 8 + length])["__metadata__"][ENTRY])
    if told["version"] != VERSION:
        raise UsageError(
            f"a newer apical has written it (version {told['version']}, this one reads {VERSION})"
        )
    return _model(told, arrays)


def _model(told: dict[str, Any], arrays: dict[str, np.ndarray]) -> Model:
    rule, settings = decode(told["rule"]), Settings.from_json(told["settings"])
    shape, classes = tuple(told["shape"]), tuple(told["classes"])
    labels = None if told["labels"] is None else np.array(told["labels"])
    learner, like = unlearned(rule, settings, shape, len(classes))
    names = named_weights(like)
    if lacking := [name for name in names if name not in arrays]:
        raise ValueError(f"it has no {lacking[0]}")
    for name, leaf in names.items():
        if arrays[name].shape != leaf.shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {leaf.shape}")
    leaves = jax.device_put([arrays[name] for name in names])
    network = jax.tree.unflatten(jax.tree.structure(like), leaves)
    transform = Affine(*jax.device_put((arrays[SHIFT], arrays[SCALE])))
    return Model(learner, network, None, told["epoch"], transform, shape, classes, labels)


def unlearned(
    rule: Rule, settings: Settings, shape: tuple[int, ...], n_classes: int
) -> tuple[Supervised, Network]:
    """The learner that a model answers by, and its network with zeros for weights."""
    learner = Supervised(rule, settings, n_classes, build_both(settings, 1))
    shapes = jax.eval_shape(lambda: build(settings, shape, n_classes, jax.random.key(0)))
    return learner, jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
