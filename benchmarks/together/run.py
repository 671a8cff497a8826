"""Seconds of an epoch for several seeds, together and one after the other, in turn in one process.

python benchmarks/together/run.py [SEEDS [ROUNDS]]
"""

import json
import os
import sys
import time
from pathlib import Path
from statistics import median

import jax

import apical
from apical.runs.environment import environment

RULES = {
    "bp": (apical.BP(), {}),
    "fa": (apical.FA(), {}),
    "dtp": (apical.DTP(), {"alternate": "epoch"}),
}
NETWORKS = {"64-64": (64, 64), "256 x 5": (256,) * 5}
EPOCHS = 3
"""The first one compiles; the fastest of the others counts."""


def seconds(rule, data, hidden, seeds, together, settings) -> float:
    """What an epoch of all seeds takes, without its measurements."""
    result = apical.fit(
        rule,
        data,
        hidden=hidden,
        epochs=EPOCHS,
        batch_size=100,
        seeds=seeds,
        together=together,
        **settings,
    )
    own = [
        [r["seconds"] for r in result.metrics if r["seed"] == s and r["epoch"] > 1]
        for s in range(seeds)
    ]
    return sum(map(min, own))


def main(seeds: int = 5, rounds: int = 3) -> None:
    data = apical.load("mnist").limit(1000)
    found = []
    for shape, hidden in NETWORKS.items():
        for name, (rule, settings) in RULES.items():
            turns = []
            for _ in range(rounds):
                asked = (rule, data, hidden, seeds)
                alone, together = (seconds(*asked, t, settings) for t in (False, True))
                turns.append({"one by one": alone, "together": together, "ratio": together / alone})
            found.append({"rule": name, "hidden": shape, "rounds": turns})
            print(found[-1], file=sys.stderr, flush=True)
    result = {
        "date": time.strftime("%Y-%m-%d"), "seeds": seeds, "epoch": "10000 MNIST images, batch 100",
        "environment": environment(), "load_after": os.getloadavg()[0], "results": found,
    }  # fmt: skip
    place = Path(__file__).with_name(f"results-{jax.default_backend()}.json")
    place.write_text(json.dumps(result, indent=2) + "\n")
    print(table(result))


def table(result: dict) -> str:
    """The ratios within each round, as the README has them."""
    lines = ["| rule | hidden | together / one by one, median (range) |", "|---|---|---|"]
    for row in result["results"]:
        ratios = [turn["ratio"] for turn in row["rounds"]]
        lines.append(
            f"| {row['rule']} | {row['hidden']} | {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |"
        )
    of = f"{result['seeds']} seeds, {len(ratios)} rounds, {result['date']}, load {result['load_after']:.1f} after it"
    return "\n".join([*lines, "", f"{of}; an epoch is {result['epoch']}."])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
