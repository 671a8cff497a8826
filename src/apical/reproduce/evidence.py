"""What the finished runs of a paper say, by experiment."""

from pathlib import Path
from typing import Any

import numpy as np

from apical.report.bands import stack
from apical.runs.folder import RunFolder
from apical.runs.reading import RunData
from apical.values.spelling import decode


class Evidence:
    """Reads `root/<experiment>/seed-<n>`; only runs that ended in full count."""

    def __init__(self, root: Path):
        self._root = root
        self._read: dict[str, list[RunData]] = {}

    def runs(self, experiment: str) -> list[RunData]:
        """The finished runs of an experiment, by seed."""
        if experiment not in self._read:
            folders = sorted(
                (self._root / experiment).glob("seed-*"), key=lambda p: int(p.name.split("-")[1])
            )
            self._read[experiment] = [RunData.read(f) for f in folders if RunFolder(f).finished]
        return self._read[experiment]

    def curve(self, experiment: str, *keys: str, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """(epochs, values of shape (seeds, epochs, ...)), over the epochs all seeds have."""
        curves = [run.curves(*keys, first=first) for run in self.runs(experiment)]
        return stack({i: c for i, found in enumerate(curves) for c in found.values()})

    def at(self, term: str, metric: str) -> dict[int, float]:
        """Each seed's metric for `experiment@epoch`, or `experiment` for its last epoch.

        A metric is a path into the rows of metrics.jsonl, `alignment.cosine`, or, after the name
        of another of the run's files and a colon, into that one: `attacks:accuracy.fgsm.8/255`.
        Such a file tells of a run's end; a run that ended at another epoch than asked is left out.
        """
        experiment, _, epoch = term.partition("@")
        file, _, path = metric.rpartition(":")
        if file:
            told = self.stored(experiment, f"{file}.json", *path.split("."))
            if not epoch:
                return told
            ended = self.stored(experiment, "summary.json", "epochs")
            return {seed: value for seed, value in told.items() if ended[seed] == int(epoch)}
        found = {}
        for run in self.runs(experiment):
            for seed, (epochs, values) in run.curves(*path.split(".")).items():
                wanted = int(epoch) if epoch else epochs[-1]
                if wanted in epochs:
                    found[seed] = values[epochs.index(wanted)]
        return found

    def stored(self, experiment: str, file: str, *keys: str) -> dict[int, Any]:
        """By seed, what a JSON file in the run's folder says; runs without the file are left out.

        A list, which holds an entry a seed, is taken for its one entry.
        """
        found = {}
        for run in self.runs(experiment):
            if (run.path / file).exists():
                value = RunFolder(run.path).read(file)
                for key in keys:
                    value = value[key]
                found[run.config["seed"]] = value[0] if isinstance(value, list) else value
        return found

    def values(self, term: str, metric: str) -> list[float]:
        """The same without the seeds."""
        return list(self.at(term, metric).values())

    def summary(self) -> list[dict[str, Any]]:
        """One row a finished run: experiment, seed, commit and what came out at its end."""
        rows = []
        for folder in sorted(p.parent for p in self._root.glob("*/*/summary.json")):
            stored = RunFolder(folder)
            if stored.finished:
                result, commit = stored.read("summary.json"), stored.read("env.json")["commit"]
                target = decode(stored.config()["settings"]["target"])
                row = {"experiment": folder.parent.name, "seed": result["seeds"][0]}
                row |= {"epochs": result["epochs"][0], "commit": commit}
                for split in ("train", "val", "test"):
                    row[target.metric(split)] = result[target.metric(split)]["mean"]
                rows.append(row)
        return rows
