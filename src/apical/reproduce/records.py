"""Records of runs: all that a finished run measured, without its weights.

A paper whose runs take days keeps them in `results/records/<protocol>/<experiment>/seed-<n>`, as a
run's folder has them, so that what runs on can be added to what is there.
"""

import shutil
from pathlib import Path

from apical.reproduce.paper import Paper
from apical.training.folder import RunFolder


def bring(paper: Paper, protocol: str, runs: Path) -> int:
    """Put the recorded runs that `runs` lacks there; how many."""
    missing = [
        (record, runs / record.parent.name / record.name)
        for record in _folders(paper.records / protocol)
        if not (runs / record.parent.name / record.name).exists()
    ]
    for record, run in missing:
        shutil.copytree(record, run)
    return len(missing)


def keep(paper: Paper, protocol: str, runs: Path) -> int:
    """Record the finished runs of `runs` in place of older records of theirs; how many."""
    finished = [run for run in _folders(runs) if RunFolder(run).finished]
    for run in finished:
        record = paper.records / protocol / run.parent.name / run.name
        shutil.rmtree(record, ignore_errors=True)
        record.mkdir(parents=True)
        for file in (*run.glob("*.json"), *run.glob("*.jsonl")):
            shutil.copyfile(file, record / file.name)
    return len(finished)


def _folders(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("*/seed-*/summary.json"))
