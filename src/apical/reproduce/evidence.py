"""What the finished runs of a paper say, by experiment."""

from pathlib import Path

import numpy as np

from apical.report.bands import stack
from apical.report.runs import RunData
from apical.training.folder import RunFolder


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

    def at(self, term: str, metric: str) -> list[float]:
        """The metric of each seed for `experiment@epoch` (`experiment`: the last epoch)."""
        experiment, _, epoch = term.partition("@")
        epochs, values = self.curve(experiment, *metric.split("."))
        if not len(epochs):
            return []
        column = -1 if not epoch else int(np.searchsorted(epochs, int(epoch)))
        if epoch and (column >= len(epochs) or epochs[column] != int(epoch)):
            return []
        return values[:, column].tolist()
