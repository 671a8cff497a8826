"""Reading finished and unfinished runs; nothing here trains."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apical.errors import UsageError
from apical.runs.folder import RESTORE, RunFolder, is_generative
from apical.values.spelling import decode, spell
from apical.values.value import Value


@dataclass(frozen=True)
class RunData:
    """What a run's folder says, without its networks.

    !!! example

        >>> import tempfile
        >>> import apical
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = apical.fit(apical.FA(), apical.load("digits"), epochs=2, out=f"{folder}/run")
        ...     run = RunData.read(f"{folder}/run")
        >>> run.spelled
        'fa'
        >>> epochs, accuracies = run.curves("val_accuracy")[0]
        >>> epochs
        [0, 1, 2]
        >>> len(run.curves("alignment", "cosine", "0")[0])
        2
    """

    path: Path
    config: dict[str, Any]
    """config.json: rule, data, settings, seeds."""
    initial: list[dict[str, Any]]
    """initial.jsonl: an object for each seed, measured before the first step."""
    rows: list[dict[str, Any]]
    """metrics.jsonl: an object for each seed and epoch."""

    @classmethod
    def read(cls, path: Path | str) -> "RunData":
        """Read the folder of a run, finished or not.

        **Arguments:**

        - `path`: what was given to `out` of `fit`, or to `--out`.

        **Raises:** `UsageError` if that is no run's folder, or if a file of it is damaged.
        """
        folder = RunFolder(path)
        config = folder.config()
        files = {name: folder.rows(name) for name in ("initial.jsonl", "metrics.jsonl")}
        last = next((rows[-1] for rows in reversed(files.values()) if rows), {})
        for name, rows in files.items():
            for number, row in enumerate(rows, start=1):
                if not _alike(row, last):
                    raise UsageError(
                        f"{folder.path / name}, line {number}: expected lists where the last epoch "
                        f"has them and as long, found others; {RESTORE}"
                    )
        return cls(folder.path, config, *files.values())

    @property
    def spelled(self) -> str:
        """The rule, or the generative model, as the command line spells it."""
        return spell(learned_by(self.path, self.config))

    @property
    def keeps_networks(self) -> bool:
        """Whether there are checkpoints; a record of a run has none."""
        return RunFolder(self.path).keeps_networks

    @property
    def hidden_layers(self) -> int:
        """How many hidden layers the network has."""
        return len(self.config["settings"]["hidden"])

    def curves(self, *keys: str, first: int = 0) -> dict[int, tuple[list[int], list[Any]]]:
        """How a metric went on over the epochs.

        **Arguments:**

        - `keys`: the metric's name; further ones lead into objects, as in `"alignment", "cosine"`,
          and a number into a list.
        - `first`: the first epoch; 0 is the network before the first step.

        Returns (epochs, values) by seed. Epochs without the value, or with null, are left out.
        """
        found: dict[int, tuple[list[int], list[Any]]] = {}
        for row in [*self.initial, *self.rows]:
            value: Any = row
            for key in keys:
                value = _inner(value, key)
            if value is not None and row["epoch"] >= first:
                epochs, values = found.setdefault(row["seed"], ([], []))
                epochs.append(row["epoch"])
                values.append(value)
        return found


def learned_by(path: Path, config: dict[str, Any]) -> Value:
    """The rule of a run, or its generative model.

    Raises `UsageError` naming config.json if there is none of that name, which is so of models as
    long as `apical.generative` was not imported, or if its fields are no such.
    """
    what = "model" if is_generative(config) else "rule"
    try:
        value = decode(config[what])
    except (UsageError, TypeError) as error:
        raise UsageError(f"{path / 'config.json'}: {what}: {error}; {RESTORE}") from None
    return value


def _alike(one: Any, other: Any) -> bool:
    """Whether lists, objects and numbers are in the same places.

    Null may stand for a number, and for what an object holds.
    """
    if one is None or other is None:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_alike(one[key], other[key]) for key in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike_within, one, other))
    return not _nested(one) and not _nested(other)


def _alike_within(one: Any, other: Any) -> bool:
    """The same of two items of lists, from which arrays are made: a null is a number there."""
    return _nested(one) == _nested(other) and _alike(one, other)


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _inner(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return value[int(key)]
    return None if value is None else value.get(key)


def stack(curves: dict[int, tuple[list[int], list]]) -> tuple[np.ndarray, np.ndarray]:
    """The curves of several seeds as arrays: the epochs that all have, and the values.

    The values are of shape (seeds, epochs, ...); null becomes nan.
    """
    if not curves:
        return np.array([]), np.empty((0, 0))
    shared = sorted(set.intersection(*(set(epochs) for epochs, _ in curves.values())))
    values = [[dict(zip(*c, strict=True))[epoch] for epoch in shared] for c in curves.values()]
    return np.array(shared), np.array(values, float)


def unfinished(folder: RunFolder) -> str | None:
    """How a run stopped, and after which epoch each seed was last saved; None for a finished run.

    Raises `UsageError` if it is no run's folder, or if a file of it is damaged.
    """
    if folder.finished:
        return None
    config = folder.config()
    ended = (folder.path / "summary.json").exists()
    status = (
        folder.read("summary.json").get("status", "unknown")
        if ended
        else "still training, or killed"
    )
    epochs = config["settings"]["epochs"]
    seeds = range(config["seed"], config["seed"] + config["seeds"])
    saved = ", ".join(
        f"seed {s} after {folder.checkpoints(s).latest()} of {epochs} epochs" for s in seeds
    )
    return f"{folder.path} is an unfinished run ({status}): {saved}"
