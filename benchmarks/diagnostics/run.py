"""What each measurement of `--diagnose` takes beside an epoch of backpropagation, in one process.

taskset -c 0 python benchmarks/diagnostics/run.py
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import jax
import numpy as np

import apical
from apical.diagnostics import alignment
from apical.diagnostics.asked_for import measured
from apical.measurements import EffectiveRank, GaussNewton, Saturation
from apical.runs.environment import environment
from apical.training.task import Task
from apical.training.trainer import PROBE, Start

ROUNDS = 5
RESULTS = Path(__file__).with_name("results.json")


def seconds(once: Callable[[], Any]) -> float:
    """What a call takes that was compiled before."""
    begin = time.perf_counter()
    jax.block_until_ready(once())
    return time.perf_counter() - begin


def main() -> None:
    rule = apical.BP()
    task = Task(rule, apical.load("mnist"), apical.Settings(hidden=(500, 500), epochs=ROUNDS + 1))
    probe, key = task.batches(PROBE), jax.random.key(0)
    asked = {each.name: (each,) for each in (GaussNewton(), Saturation(), EffectiveRank())}
    load = os.getloadavg()[0]
    epochs: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in ("alignment", *asked)}
    for ended in task.trainer.train([Start(0, task.begin(0))]):
        for epoch in ended if isinstance(ended, list) else ():
            if not epoch.number:
                continue
            carry = jax.tree.map(np.array, epoch.carry)
            of = (carry.net, carry.state, probe, key)

            def align(of=of) -> Any:
                return alignment(*of, rule=rule).cosine

            for name in taken:
                one = asked.get(name)
                once = (
                    align
                    if one is None
                    else lambda one=one, of=of: measured(*of, rule=rule, asked=one)
                )
                if epoch.number == 1:  # which compiles
                    seconds(once)
                else:
                    taken[name].append(seconds(once))
            if epoch.number > 1:
                epochs.append(epoch.metrics["seconds"])
    result = {
        "date": time.strftime("%Y-%m-%d"), "environment": environment(), "load_before": load,
        "cores": len(os.sched_getaffinity(0)), "network": "784-500-500-10", "epoch": epochs,
        "seconds": taken,
        "percent": {name: 100 * median(each) / median(epochs) for name, each in taken.items()},
    }  # fmt: skip
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(sentence(result))


def sentence(result: dict[str, Any]) -> str:
    """The shares, as the texts have them."""
    told = [f"{name} {result['percent'][name]:.2g} %" for name in result["seconds"]]
    return f"{', '.join(told)} of an epoch"


if __name__ == "__main__":
    main()
