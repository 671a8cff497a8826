"""Evidence: the numbers that the finished runs of a paper hold, by experiment."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import apical.rules  # noqa: F401  runs are read as values, which importing makes known
from apical.errors import UsageError
from apical.runs.folder import RunFolder
from apical.runs.reading import RunData, stack

Read = TypeVar("Read")
SPLITS = ("train", "val", "test")
AT_BEST_VALIDATION = "summary:best_validation.test_accuracy.list"
"""The metric of a run's test accuracy at its best validation epoch."""


class Evidence:
    """The finished runs below `root`, which are in `root/<experiment>/seed-<n>`.

    What claims are judged by and what figures draw. A run that has not ended in full is left out.
    A *term* is `experiment@epoch`, or `experiment` alone for each run's last epoch. A *metric* is
    a path into the rows of metrics.jsonl, as in `alignment.cosine.0`, or, after the name of
    another of the run's JSON files and a colon, into that file: `attacks:accuracy.fgsm.8/255`.

    !!! example

        >>> import tempfile
        >>> from pathlib import Path
        >>> from apical.reproduce import paper
        >>> runs = Path(tempfile.mkdtemp())
        >>> paper.read("difference-target-propagation").records.bring("quick", runs)
        27
        >>> Evidence(runs).at("continuous-bp@10", "test_accuracy")
        {0: 0.9767, 1: 0.9767, 2: 0.9754}
    """

    def __init__(self, root: Path):
        self._root = root
        self._read: dict[str, list[RunData]] = {}

    @property
    def protocol(self) -> str:
        """The protocol of the runs, by the folder's name."""
        return self._root.name

    def runs(self, experiment: str) -> list[RunData]:
        """The finished runs of an experiment, by seed."""
        if experiment not in self._read:
            folders = self._folders(experiment)
            self._read[experiment] = [RunData.read(f) for f in folders if RunFolder(f).finished]
        return self._read[experiment]

    def ran(self, experiments: Iterable[str]) -> tuple[list[int], list[int]]:
        """For a caption: how many seeds of each experiment there are, and how many epochs each ran.

        An experiment of which nothing has run is left out.
        """
        found = [runs for experiment in experiments if (runs := self.runs(experiment))]
        return [len(runs) for runs in found], [r.rows[-1]["epoch"] for runs in found for r in runs]

    def diverged(self, experiment: str) -> dict[int, int]:
        """The epoch in which each of an experiment's seeds diverged, of those that did."""
        folders = [folder for folder in self._folders(experiment) if RunFolder(folder).diverged]
        return {_seed(f): RunFolder(f).read("summary.json")["epochs"][0] + 1 for f in folders}

    def _folders(self, experiment: str) -> list[Path]:
        return sorted((self._root / experiment).glob("seed-*"), key=_seed)

    def curve(self, experiment: str, *keys: str, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """A metric against epochs, from epoch `first`; `keys` lead to it in metrics.jsonl.

        Returns the epochs that all seeds have and the values, of shape (seeds, epochs, ...). Both
        are empty if nothing has run.
        """
        curves = [run.curves(*keys, first=first) for run in self.runs(experiment)]
        return stack({i: c for i, found in enumerate(curves) for c in found.values()})

    def at(self, term: str, metric: str) -> dict[int, float]:
        """Each seed's metric for a term.

        Files other than metrics.jsonl tell of a run's end: a run that ended at another epoch than
        the term's is left out.
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

    def stored(self, experiment: str, file: str, *keys: str) -> dict[int, float]:
        """The number in a JSON file of each run that `keys` lead to, by seed.

        Runs without the file are left out. Of a list, which has an entry for each of a run's seeds,
        the first is taken, since a run of a paper has one seed. Raises `UsageError` for a file
        that has no number there.
        """
        return self.read(experiment, file, lambda data: _number(data, keys))

    def read(
        self, experiment: str, file: str, read: Callable[[dict[str, Any]], Read]
    ) -> dict[int, Read]:
        """What `read` makes of a JSON file of each run, by seed.

        Runs without the file are left out. Raises `UsageError` for a file that says nothing to it.
        """
        found = {}
        for run in self.runs(experiment):
            if (path := run.path / file).exists():
                data = RunFolder(run.path).read(file)
                try:
                    found[run.config["seed"]] = read(data)
                except (AttributeError, LookupError, TypeError, ValueError):
                    raise UsageError(
                        f"{path}: expected what `apical reproduce` writes there, found something "
                        "else; restore the file, or delete it to have it made again"
                    ) from None
        return found

    def fewest_epochs(self, terms: Iterable[str]) -> int | None:
        """The training behind these terms, in epochs; None if nothing has run.

        That of an experiment is the latest epoch at which a term reads it, which is the last one of
        its shortest run where a term names none. Of several experiments the fewest count.
        """
        latest: dict[str, int] = {}
        for term in terms:
            experiment, _, epoch = term.partition("@")
            if ran := self.ran([experiment])[1]:
                read = int(epoch) if epoch else min(ran)
                latest[experiment] = max(read, latest.get(experiment, 0))
        return min(latest.values(), default=None)

    def values(self, term: str, metric: str) -> list[float]:
        """As `at`, without the seeds."""
        return list(self.at(term, metric).values())

    def summary(self) -> list[dict[str, Any]]:
        """A row for each finished run: experiment, seed, epochs, commit, and scores at its end."""
        rows = []
        for folder in sorted(p.parent for p in self._root.glob("*/*/summary.json")):
            stored = RunFolder(folder)
            if stored.finished:
                result, commit = stored.read("summary.json"), stored.read("env.json")["commit"]
                row = {"experiment": folder.parent.name, "seed": result["seeds"][0]}
                row |= {"epochs": result["epochs"][0], "commit": commit}
                scores = [k for k in result["best_validation"] if k.startswith("val_")]
                names = (k.replace("val", split, 1) for k in scores for split in SPLITS)
                row |= {name: result[name]["mean"] for name in names}
                rows.append(row)
        return rows


def _number(data: Any, keys: Sequence[str]) -> float:
    """Where the keys lead, by number in a list; of a list in the end the first."""
    for key in keys:
        data = data[int(key)] if isinstance(data, list) else data[key]
    value = data[0] if isinstance(data, list) else data
    if not isinstance(value, int | float):
        raise TypeError
    return value


def _seed(folder: Path) -> int:
    return int(folder.name.removeprefix("seed-"))
