"""What run.py hands to each side, and the one stopwatch all sides share.

A side is a script called with the path of a job file (JSON). It reads the arrays, trains one warm-up
epoch, then times the epochs asked for, and prints one JSON object as the last line of its output.
Needs only the standard library and NumPy, so that it runs in both environments.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SIZES = (784, 500, 500, 10)
BATCH = 100
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Job:
    """One measurement: a rule, on the arrays of `arrays`, with a side's own `settings`.

    Arrays in the file (float32 unless said; `W` is applied as `x @ W + b`):
      images uint8 (n, 784); labels int32 (n,); order int32 (1 + epochs, n), one permutation an epoch;
      W0 b0 W1 b1 W2 b2, initial weights;
      B1 B2, feedback alignment: shaped like W1 W2, the signal travels down as `delta @ B.T`;
      D0 D1 (10, 500), direct feedback alignment: hidden layer l receives `error @ D`.
    """

    arrays: str
    rule: str  # "bp", "fa" or "dfa"
    epochs: int  # timed ones, after the warm-up
    settings: dict

    @staticmethod
    def from_command_line() -> tuple["Job", dict[str, np.ndarray]]:
        job = Job(**json.loads(Path(sys.argv[1]).read_text()))
        with np.load(job.arrays) as file:
            return job, {name: file[name] for name in file.files}


def measure(job: Job, train_epoch: Callable[[int], None], mean_loss: Callable[[], float]) -> dict:
    """Warm up, then time. A side prints the returned object as JSON.

    `train_epoch(e)` trains on `order[e]` and returns only when the work is done. `mean_loss()` is the
    mean cross-entropy over all training images at the current weights; it is never timed.
    """
    train_epoch(0)
    first_loss = mean_loss()
    seconds, foreign = [], []
    for epoch in range(1, job.epochs + 1):
        busy, start = foreign_cpu_seconds(), time.perf_counter()
        train_epoch(epoch)
        seconds.append(time.perf_counter() - start)
        foreign.append(max(0.0, foreign_cpu_seconds() - busy))
    return {
        "seconds_per_epoch": seconds,
        "foreign_cpu_seconds": foreign,
        "loss_after_first_epoch": first_loss,
        "final_loss": mean_loss(),
    }


def foreign_cpu_seconds() -> float:
    """CPU seconds spent so far by everything on this machine but this process (0 where not known)."""
    try:
        ticks = [int(t) for t in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    except OSError:
        return 0.0
    user, nice, system, _idle, _iowait, irq, softirq, steal = ticks[:8]
    busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    own = os.times()
    return busy - own.user - own.system
