"""Train a rule on a data set, for one or several seeds, and keep what happened."""

import dataclasses
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax

from apical.data import Dataset
from apical.errors import UsageError, at_least_one, unknown
from apical.networks.network import Network
from apical.rules import Rule, State
from apical.settings import Settings
from apical.training.events import Listener
from apical.training.memory import refuse_giants
from apical.training.model import Model
from apical.training.recording import recording
from apical.training.run import run
from apical.training.task import Task
from apical.values.spelling import encode

CHECKPOINT_SECONDS = 5.0


@dataclass(frozen=True)
class Result:
    """What `fit` leaves in memory."""

    summary: dict[str, Any]
    """As in summary.json: status, seeds, scores as mean, std and list, seconds."""
    metrics: list[dict[str, Any]]
    """One row a seed and epoch, as in metrics.jsonl."""
    initial: list[dict[str, Any]]
    """The same before the first step, as in initial.jsonl."""
    models: dict[int, Model]
    """What was trained, by seed: it takes raw examples."""

    @property
    def networks(self) -> list[Network]:
        """The trained network of each seed; it takes preprocessed examples."""
        return [model.network for model in self.models.values()]

    @property
    def states(self) -> list[State]:
        """What the rule owned at the end, for each seed."""
        return [m.state for m in self.models.values() if m.state is not None]

    @property
    def test_accuracy(self) -> float:
        """Mean over the seeds, after the last epoch.

        Raises `UsageError` for networks that were trained towards anything but labels.
        """
        if "test_accuracy" not in self.summary:
            known = ", ".join(key for key in self.summary if key.startswith("test_")) or "nothing"
            raise UsageError(
                f"test_accuracy: these networks have none, the summary has {known} of the test set"
            )
        return self.summary["test_accuracy"]["mean"]


def fit(
    rule: Rule,
    data: Dataset,
    settings: Settings | None = None,
    *,
    seeds: int = 1,
    seed: int = 0,
    out: Path | str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    listeners: Iterable[Listener] = (),
    transformation: optax.GradientTransformation | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    **changes: Any,
) -> Result:
    """Train `rule` on `data`.

    **Arguments:**

    - `settings`: of the network, the optimizers and the loop; None: the rule's recipe.
    - `changes`: fields of `Settings` that are to be otherwise, as in `epochs=5, lr=1e-2`.
    - `seeds`, `seed`: train `seeds` networks, from seeds `seed`, `seed + 1`, ... A seed fixes the
      initial weights and the order of the data, whatever the rule.
    - `out`: the run's folder; None keeps everything in memory. With `resume` an unfinished run
      goes on, bit for bit as if it had not been interrupted; with `overwrite` it is replaced.
    - `listeners`: called with each `Started`, `Epoch` and `Finished`.
    - `transformation`: an Optax transformation in place of the optimizers that `settings` name.
    - `checkpoint_seconds`: save at most once in so many seconds (and whenever a seed ends).

    **Raises:** `UsageError` for settings that do not go together and for an `out` that is in
    use; `DivergenceError` if training meets values that are not finite, after saving the last
    good checkpoint; `WriteError` if `out` cannot be written to, as on a full disk: with `resume`
    the run goes on from its last checkpoint. Ctrl-C ends the run early, with status "interrupted".

    !!! example

        >>> import apical
        >>> result = apical.fit(apical.FA(), apical.load("digits"), hidden=(32,), epochs=2)
        >>> len(result.metrics)
        2
    """
    at_least_one(seeds=seeds)
    if not 0 <= seed < 2**31 - seeds:
        raise UsageError(f"seed: must be between 0 and 2^31 - seeds, got {seed}")
    if not checkpoint_seconds >= 0:
        raise UsageError(f"checkpoint_seconds: must be 0 or more, got {checkpoint_seconds}")
    chosen = settings_of(rule, settings, changes)
    task = Task(rule, data, chosen, transformation)
    config = {
        "rule": encode(rule),
        "data": identity(data),
        "settings": chosen.to_json(),
        "transformation": None if transformation is None else "given in Python",
        "seed": seed,
        "seeds": seeds,
    }
    # What cannot be built is refused before a folder is made for it.
    refuse_giants(jax.eval_shape(lambda: task.begin(seed)), task.learner)
    with recording(
        out, config, task.learner, resume=resume, overwrite=overwrite, every=checkpoint_seconds
    ) as recorder:
        numbers = range(seed, seed + seeds)
        outcome = run(task.trainer, config, numbers, recorder, listeners)
    ended = dict(zip(outcome.summary["seeds"], outcome.summary["epochs"], strict=True))
    models = {
        s: Model.of(task, carry.net, ended[s], carry.state) for s, carry in outcome.carries.items()
    }
    return Result(outcome.summary, outcome.rows, outcome.initial, models)


def settings_of(rule: Rule, settings: Settings | None, changes: dict[str, Any]) -> Settings:
    """The settings, or the rule's recipe, with changes. Raises `UsageError` for an unknown one."""
    known = [field.name for field in dataclasses.fields(Settings)]
    for name in changes:
        if name not in known:
            raise UsageError(unknown("settings", name, known))
    return dataclasses.replace(rule.recipe if settings is None else settings, **changes)


def identity(data: Dataset) -> dict[str, Any]:
    """What tells a data set from another in a configuration; JSON-ready."""
    return {"name": data.name, "classes": list(data.classes), "digest": _digest(data)}


def _digest(data: Dataset) -> str:
    """Tells apart data sets of the same name in a resumed run."""
    crc = 0
    for split in (data.train, data.validation, data.test):
        for array in (split.x, split.y):
            crc = zlib.crc32(np.ascontiguousarray(array).data, crc)
    return f"{crc:08x}"
