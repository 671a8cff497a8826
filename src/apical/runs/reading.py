"""Reading finished and unfinished runs; nothing here trains."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apical.runs.folder import RunFolder
from apical.values.spelling import decode, spell


@dataclass(frozen=True)
class RunData:
    """What a run's folder says."""

    path: Path
    config: dict[str, Any]
    initial: list[dict[str, Any]]
    rows: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path | str) -> "RunData":
        """Raises `UsageError` if `path` is not a run's folder."""
        folder = RunFolder(path)
        config = folder.config()
        return cls(folder.path, config, folder.rows("initial.jsonl"), folder.rows("metrics.jsonl"))

    @property
    def spelled(self) -> str:
        """The rule as the command line spells it."""
        return spell(decode(self.config["rule"]))

    @property
    def keeps_networks(self) -> bool:
        """Whether there are checkpoints; a record of a run has none."""
        return RunFolder(self.path).keeps_networks

    @property
    def hidden_layers(self) -> int:
        """How many hidden layers the network has."""
        settings = self.config["settings"]
        return len(settings.get("net") or settings["hidden"])

    def curves(self, *keys: str, first: int = 0) -> dict[int, tuple[list[int], list[Any]]]:
        """(epochs, values) of each seed from epoch `first`; `keys` lead into nested objects.

        A number leads into a list. Rows without the value, or where it is null, are left out.
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
    """How the run stopped, and after which epoch each seed was last saved; None for a whole run."""
    if folder.finished:
        return None
    config = folder.config()
    ended = (folder.path / "summary.json").exists()
    status = folder.read("summary.json")["status"] if ended else "still training, or killed"
    epochs = config["settings"]["epochs"]
    seeds = range(config["seed"], config["seed"] + config["seeds"])
    saved = ", ".join(
        f"seed {s} after {folder.checkpoints(s).latest()} of {epochs} epochs" for s in seeds
    )
    return f"{folder.path} is an unfinished run ({status}): {saved}"
