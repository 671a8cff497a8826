"""A run's folder: what it was asked, where it ran, what it measured, and its checkpoints.

```
config.json     rule (or generative model), data, settings, seeds: enough to run it again
env.json        versions, commit, machine
initial.jsonl   one object a seed: the network before the first step
metrics.jsonl   one object a seed and epoch
summary.json    the result, written when the run ends
checkpoints/inputs.npz   shape of a raw example, preprocessing, labels
checkpoints/seed-N/   the last epoch, and the network of the best one on validation
.lock           held while a process writes here
```
Every JSON file is written whole or not at all; a `.jsonl` line is written before
the checkpoint that makes it count, and lines that no checkpoint covers are
dropped on resuming.
"""

import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

from apical.errors import UsageError
from apical.rules import Rule
from apical.runs.checkpoints import Checkpoints
from apical.runs.lock import refuse_files
from apical.runs.writing import append_whole, replacing, settle, told
from apical.settings import Settings, Unsupervised
from apical.values.spelling import decode, encode

RESTORE = "restore the file, or delete the folder and run again"
"""What to do about a file that is damaged."""

FILES = ("config.json", "env.json", "initial.jsonl", "metrics.jsonl", "summary.json")


class RunFolder:
    """Reads and writes one run's folder."""

    def __init__(self, path: Path | str):
        self.path = Path(path)

    @property
    def exists(self) -> bool:
        return (self.path / "config.json").exists()

    @property
    def finished(self) -> bool:
        """Whether the run ended in full."""
        return self._status == "finished"

    @property
    def diverged(self) -> bool:
        """Whether the run ended because its numbers grew beyond all bounds."""
        return self._status == "diverged"

    @property
    def _status(self) -> str | None:
        exists = (self.path / "summary.json").exists()
        return self.read("summary.json").get("status") if exists else None

    @property
    def keeps_networks(self) -> bool:
        """Whether it holds checkpoints; a record of a run, or one just begun, has none."""
        seeds = self.path.glob("checkpoints/seed-*")
        return any(Checkpoints(folder).latest() for folder in seeds)

    def run(self) -> str | None:
        """What the run is called, whose folder may be moved; None: it has not begun.

        One that began before runs had names is called by a digest of its env.json.
        """
        path = self.path / "env.json"
        if not self.exists or not path.exists():
            return None
        content = path.read_bytes()
        try:
            return str(json.loads(content)["run"])
        except (ValueError, KeyError, TypeError):
            return hashlib.sha256(content).hexdigest()[:32]

    def foreign(self) -> list[str]:
        """What lies in the folder that no run has written. Raises `UsageError` for a file."""
        refuse_files(self.path)
        if not self.path.exists():
            return []
        ours = {*FILES, "checkpoints", "tensorboard", ".lock"}
        return sorted(
            p.name for p in self.path.iterdir() if p.name.removesuffix(".part") not in ours
        )

    def clear(self) -> None:
        """Remove what a run wrote, and nothing else. Raises `WriteError` if that is impossible."""
        # The configuration goes last: as long as it is there, the folder counts as a run's.
        with told(self.path):
            if (self.path / "checkpoints").exists():
                shutil.rmtree(self.path / "checkpoints")
            for name in reversed(FILES):
                (self.path / name).unlink(missing_ok=True)

    def read(self, name: str) -> Any:
        """A JSON file of the run. Raises `UsageError` naming it if missing or damaged."""
        path = self.path / name
        try:
            data = json.loads(path.read_text())
        except FileNotFoundError:
            raise UsageError(
                f"{path}: not found; expected the folder of a run (or of one that has ended, for "
                "summary.json), as given to --out of `apical train`"
            ) from None
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be read ({error.strerror}); make it readable, or choose another "
                "folder"
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{path}: expected JSON, found something else ({error}); {RESTORE}"
            ) from None
        if not isinstance(data, dict):
            raise UsageError(f"{path}: expected a JSON object, found {data!r:.40}; {RESTORE}")
        return data

    def config(self) -> dict[str, Any]:
        """config.json, with what could not be asked for when it was written at its default."""
        stored = self.read("config.json")
        try:
            config = {"together": [], **completed(stored)}
            for number in ("seed", "seeds"):
                if type(stored[number]) is not int:
                    raise TypeError(number)
            return config
        except UsageError as error:
            raise UsageError(f"{self.path / 'config.json'}: {error}") from None
        except (KeyError, TypeError) as error:
            raise UsageError(
                f"{self.path / 'config.json'}: expected the configuration of a run, {error} is "
                f"missing or unknown; {RESTORE}"
            ) from None

    def write(self, name: str, data: Any) -> None:
        """Write a JSON file; nan becomes null.

        The folder must exist: one that was removed while its run went on is not made again.
        Raises `WriteError` if the file cannot be written.
        """
        with replacing(self.path / name) as file:
            file.write((json.dumps(plain(data), indent=2) + "\n").encode())

    def prolong(self, config: dict[str, Any]) -> None:
        """Have a run go on under a configuration of more epochs; it is no longer finished.

        Raises `WriteError` if that is impossible.
        """
        with told(self.path):
            (self.path / "summary.json").unlink(missing_ok=True)
        self.write("config.json", config)

    def append(self, name: str, row: dict[str, Any]) -> None:
        """Add one object to a .jsonl file. Raises `WriteError` if that is impossible."""
        append_whole(self.path / name, json.dumps(plain(row)) + "\n")

    def settle(self, name: str) -> None:
        """Wait until what was added is on the disk. Raises `WriteError` if that is impossible."""
        settle(self.path / name)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The objects of a .jsonl file, without a last line that was cut off as its run stopped.

        Raises `UsageError` naming the file and the line for any other that is damaged.
        """
        path = self.path / name
        if not path.exists():
            return []
        rows = []
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be read ({error.strerror}); make it readable, or {RESTORE}"
            ) from None
        for number, line in enumerate(lines, start=1):
            row = _row(line)
            if row is not None:
                rows.append(row)
            elif number < len(lines) or self.finished:
                raise UsageError(
                    f"{path}, line {number}: expected a JSON object of numbers with seed, epoch "
                    f"and seconds, found {line[:40].decode(errors='replace')!r}; {RESTORE}"
                )
        return rows

    def keep(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Have these rows and no others in a .jsonl file.

        Raises `WriteError` if that is impossible.
        """
        path = self.path / name
        text = "".join(json.dumps(plain(row)) + "\n" for row in rows).encode()
        # Nothing is written where nothing changes, so that it works on a full disk too.
        if not path.exists() or path.read_bytes() != text:
            with replacing(path) as file:
                file.write(text)

    @property
    def inputs(self) -> Path:
        """The folder of what its networks read (`inputs`), and of all seeds' checkpoints."""
        return self.path / "checkpoints"

    def checkpoints(self, seed: int) -> Checkpoints:
        """The checkpoints of one seed."""
        return Checkpoints(self.inputs / f"seed-{seed}")


def completed(config: dict[str, Any]) -> dict[str, Any]:
    """A stored configuration with what is newer than it at its default.

    Raises `KeyError`, `TypeError` or `UsageError` for one that is damaged.
    """
    learned = _of_model(config) if is_generative(config) else _of_rule(config)
    data = config["data"]
    if not isinstance(data, dict) or not isinstance(data["name"], str):
        raise TypeError("data.name")
    classes = data["classes"]
    if not isinstance(classes, list) or any(isinstance(name, list | dict) for name in classes):
        raise TypeError("data.classes")
    return {**config, **learned}


def is_generative(config: dict[str, Any]) -> bool:
    """Whether a run trains a generative model, and not a network by a rule."""
    return "model" in config


def _of_rule(config: dict[str, Any]) -> dict[str, Any]:
    rule = decode(config["rule"])
    if not isinstance(rule, Rule):
        raise TypeError("rule")
    return {
        "rule": encode(rule),
        "settings": Settings.from_json(config["settings"]).to_json(),
    }


def _of_model(config: dict[str, Any]) -> dict[str, Any]:
    """The model is read where models are known, which is above this room."""
    if not isinstance(config["model"], dict) or "type" not in config["model"]:
        raise TypeError("model")
    return {"settings": Unsupervised.from_json(config["settings"]).to_json()}


def _row(line: bytes) -> dict[str, Any] | None:
    """The object in a line of a .jsonl file; None for anything else."""
    try:
        row = json.loads(line)
    except ValueError:  # no JSON, or no text
        return None
    numbered = isinstance(row, dict) and all(type(row.get(k)) is int for k in ("seed", "epoch"))
    if not numbered or not _of_numbers(row):
        return None
    # The network before the first step has taken no time.
    timed = ("seconds", "seconds_measuring") if row["epoch"] else ()
    return row if all(isinstance(row.get(k), int | float) for k in timed) else None


def _of_numbers(data: Any) -> bool:
    """Whether there is nothing but numbers and nulls in it."""
    if isinstance(data, dict | list):
        return all(map(_of_numbers, data.values() if isinstance(data, dict) else data))
    return data is None or isinstance(data, int | float)


def plain(data: Any) -> Any:
    """With lists for tuples, and null for numbers that are not finite: JSON has neither."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return None
    return data
