"""A process that trains and prints what it was said to need and what it took, in bytes.

What it took is its peak resident memory less what was resident before anything was drawn, when its
data and compiled programs were there.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import apical
from apical.data import from_arrays
from apical.rules import Rule
from apical.runs.precision import full_precision
from apical.settings import Settings
from apical.training.how import How
from apical.training.memory import needed
from apical.training.task import Task

LOOP = Settings(epochs=3, steps_per_epoch=2)

RUNS: dict[str, tuple[Rule, int, dict[str, Any], dict[str, Any]]] = {
    "BP, fully connected": (apical.BP(), 28, {"hidden": ["16000"]}, {}),
    "DFA, fully connected": (apical.DFA(), 28, {"hidden": ["3000", "3000", "3000"]}, {}),
    "DTP with inverses": (apical.DTP(), 28, {"hidden": ["2500", "2000", "2000"]}, {}),
    "SDTP, locally connected": (
        apical.SDTP(), 32, {"hidden": ["lc:3x3,32,s2", "lc:3x3,64,s2", "1000"]}, {},
    ),
    "BP, convolutional": (
        apical.BP(), 32, {"hidden": ["conv:5x5,32,s2", "conv:3x3,32", "1000"]}, {},
    ),
    "FA, three seeds together": (
        apical.FA(), 28, {"hidden": ["3000", "1000"]}, {"seeds": 3, "together": True},
    ),
}  # fmt: skip


def status(name: str) -> int:
    """Bytes, as /proc has them of this process."""
    (line,) = [a for a in Path("/proc/self/status").read_text().splitlines() if name in a]
    return 1024 * int(line.split()[1])


@full_precision()
def main(name: str) -> None:
    rule, side, settings, how = RUNS[name]
    shape = (side, side, 3) if side == 32 else (side, side)
    draw = np.random.default_rng(0)

    def part(n: int) -> tuple[np.ndarray, np.ndarray]:
        # No validation score is better than the first: the best network is not the last one.
        y = np.arange(n, dtype=np.int32) % 2 * (n > 200)
        return draw.integers(0, 256, (n, *shape), dtype=np.uint8), y

    data = from_arrays(*part(1000), name="noise", validation=part(100), test=part(100))
    task = Task(rule, data, replace(LOOP, **settings))
    with tempfile.TemporaryDirectory() as folder:
        run = How(out=Path(folder) / "run", **how)
        need = needed(task.trainer, run.seeds, len(run.program) or 1)
        before = status("VmRSS")
        run.carry_out(task)
    print(sum(need), status("VmHWM") - before)


if __name__ == "__main__":
    main(sys.argv[1])
