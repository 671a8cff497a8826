"""Real runs on a cluster whose workers are killed at random: `python -m tests.jobs.kills`.

Rounds of runs are given to a dask scheduler and three workers on loopback, until so many workers
were killed. Each run must end, once, and be to the last bit what this process trains.
"""

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apical import BP, DFA, FA, Rule, Settings
from apical.cli.support.flags import RunOptions
from apical.cli.support.rule_jobs import RuleJob
from apical.data.named import Named
from apical.jobs.cluster import Cluster
from apical.jobs.job import Job
from apical.jobs.workers import execute
from apical.networks.layers import Fc
from apical.runs.folder import RunFolder
from tests.jobs.dask_cluster import DaskCluster
from tests.training.small import timeless


@dataclass(frozen=True)
class Counted(Job):
    """A job that notes where and how often it is begun, and ended."""

    job: RuleJob
    log: Path

    @property
    def label(self):
        return self.job.label

    @property
    def value(self):
        return 0.0

    def seconds(self):
        return None

    def finished(self):
        return self.job.finished()

    def execute(self, until=float("inf")):
        reached = len(RunFolder(self.job.folder).rows("metrics.jsonl"))
        self._note(f"begun {reached}")
        told = self.job.execute(until)
        self._note("ended")
        return told

    def _note(self, what: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{os.getpid()} {what}\n")

    @property
    def notes(self) -> list[str]:
        """What it noted, without the processes."""
        return [line.partition(" ")[2] for line in self.log.read_text().splitlines()]


def runs(folder: Path, epochs: int) -> list[Counted]:
    """Six runs on digits, which save every epoch."""
    settings = Settings(hidden=(Fc(8),), epochs=epochs, batch_size=50)
    rules: Sequence[Rule] = (BP(), FA(), DFA())
    made = []
    for rule in rules:
        for seed in (0, 1):
            options = RunOptions(seed=seed, checkpoint_seconds=0.0)
            place = folder / f"{rule.name}-{seed}"
            job = RuleJob(place.name, rule, settings, Named("digits"), options, place)
            made.append(Counted(job, folder / f"{place.name}.log"))
    return made


def left(folder: Path) -> dict[str, Any]:
    """All that a run leaves, but for times and where it was made."""
    run = RunFolder(folder)
    summary = {k: v for k, v in run.read("summary.json").items() if "seconds" not in k}
    arrays: dict[str, bytes] = {}
    for path in sorted(folder.glob("checkpoints/**/*.npz")):
        with np.load(path) as stored:
            arrays |= {f"{path.relative_to(folder)} {k}": stored[k].tobytes() for k in stored.files}
    assert arrays
    rows = [timeless(run.rows(name)) for name in ("initial.jsonl", "metrics.jsonl")]
    return {"config": run.config(), "summary": summary, "rows": rows, "arrays": arrays}


def main(kills: int, epochs: int, pause: float, seed: int) -> dict[str, int]:
    """Kill so many workers, at random moments up to two `pause` apart; what came of it."""
    rng = random.Random(seed)
    count = {"kills": 0, "runs": 0, "begun again": 0, "gone on with": 0, "rounds": 0}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "here").mkdir()
        reference = {}
        for job in runs(place / "here", epochs):
            assert job.execute()["status"] == "finished"
            reference[job.label] = left(job.job.folder)
        with DaskCluster(place) as dask:
            dask.start(3)
            while count["kills"] < kills:
                out = place / f"round-{count['rounds']}"
                out.mkdir()
                jobs = runs(out, epochs)
                over = threading.Event()

                def kill(over=over) -> None:
                    while count["kills"] < kills and not over.wait(rng.uniform(0, 2 * pause)):
                        dask.kill_one(rng)
                        count["kills"] += 1

                killer = threading.Thread(target=kill)
                killer.start()
                try:
                    outcomes = execute(jobs, Cluster(dask.address, out), lambda _: None)
                finally:
                    over.set()
                    killer.join()
                assert sorted(o.job.label for o in outcomes) == sorted(reference)
                assert [o.failure for o in outcomes] == [None] * len(jobs)
                for job in jobs:
                    assert job.notes.count("ended") == 1, (job.label, job.notes)
                    assert left(job.job.folder) == reference[job.label], job.label
                    begun = [note for note in job.notes if note.startswith("begun")]
                    count["begun again"] += len(begun) - 1
                    count["gone on with"] += sum(note != "begun 0" for note in begun)
                count["runs"] += len(jobs)
                count["rounds"] += 1
                print(json.dumps(count), flush=True)
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--pause", type=float, default=8.0, help="mean seconds between two kills")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    begin = time.monotonic()
    main(asked.kills, asked.epochs, asked.pause, asked.seed)
    print(f"{time.monotonic() - begin:.0f} s")
