"""Records of runs: all that a finished run measured, without its weights.

A paper whose runs take days keeps them in `results/records/<protocol>/<experiment>/seed-<n>`, as a
run's folder has them, so that what runs on can be added to what is there.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from apical.reproduce.paper import Paper
from apical.runs.folder import RunFolder


def bring(paper: Paper, protocol: str, runs: Path) -> int:
    """Put the recorded runs that `runs` lacks there; how many."""
    missing = [
        (record, runs / record.parent.name / record.name)
        for record in _folders(paper.records / protocol)
        if not (runs / record.parent.name / record.name).exists()
    ]
    for record, run in missing:
        _place(record.iterdir(), run)
    return len(missing)


def keep(paper: Paper, protocol: str, runs: Path) -> int:
    """Record the finished runs of `runs` in place of older records of theirs; how many."""
    finished = [run for run in _folders(runs) if RunFolder(run).finished]
    for run in finished:
        record = paper.records / protocol / run.parent.name / run.name
        _place((*run.glob("*.json"), *run.glob("*.jsonl")), record)
    return len(finished)


def _place(files: Iterable[Path], folder: Path) -> None:
    """Copy the files into a folder that is there whole or not at all, in place of an older one."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, part / file.name)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def _folders(root: Path) -> list[Path]:
    found = (path.parent for path in root.glob("*/seed-*/summary.json"))
    return sorted(path for path in found if path.suffix != ".part")
