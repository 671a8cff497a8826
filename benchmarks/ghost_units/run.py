"""A minibatch of a ghost-unit circuit: apical beside the plain equations in eager PyTorch.

    python benchmarks/ghost_units/run.py

784-500-10, transpose feedback, the recipes' settings, real MNIST images. All sides get the same
arrays. Rounds: in each, every side once, in turn, in a fresh process; ratios are taken within a
round. After equal minibatches the sum of |W_2| must agree to 1e-3, strides apart.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import jax
import numpy as np

from apical.data import load
from apical.training.environment import environment

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "train_step"))
import peers_env  # noqa: E402

UNITS = 500
BATCH = {"mb": 1, "ma": 100}
GHOSTS = {"mb": 5, "ma": 10}
LIMIT = {"mb": 0.05, "ma": 0.2}
COUNT = {"mb": 200, "ma": 10}


def write(file: Path, model: str) -> None:
    draw = np.random.default_rng(0)
    train, batch, ghosts = load("mnist").train, BATCH[model], GHOSTS[model]
    chosen = draw.permutation(len(train))[: COUNT[model] * batch]
    x = (train.x[chosen].reshape(COUNT[model], batch, -1) / 255).astype(np.float32)
    y = np.eye(10, dtype=np.float32)[train.y[chosen]].reshape(COUNT[model], batch, 10)
    shapes = {"W1": (UNITS, 784), "W2": (10, UNITS), "P": (ghosts, UNITS), "G": (UNITS, ghosts)}
    a = LIMIT[model]
    weights = {name: draw.uniform(-a, a, s).astype(np.float32) for name, s in shapes.items()}
    units = {
        name: np.zeros((batch, n), np.float32)
        for name, n in (("u1", UNITS), ("u2", 10), ("v", ghosts))
    }
    np.savez(file, x=x, y=y, **weights, **units)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--venv", type=Path, default=peers_env.DEFAULT)
    options = parser.parse_args()
    torch = peers_env.python_of(options.venv)
    sides = {
        "mb": [("torch", torch, "mb"), ("apical", sys.executable, "mb")],
        "ma": [
            ("torch", torch, "ma"),
            ("apical", sys.executable, "ma"),
            ("apical, strides of 10", sys.executable, "ma-strides"),
        ],
    }
    rounds = []
    with tempfile.TemporaryDirectory() as scratch:
        for model in sides:
            write(Path(scratch) / f"{model}.npz", model)
        for _ in range(options.rounds):
            for model, contenders in sides.items():
                found = {}
                for name, python, asked in contenders:
                    script = HERE / f"{name.split(',')[0]}_side.py"
                    arrays = Path(scratch) / f"{model}.npz"
                    command = [python, script, arrays, asked, COUNT[model]]
                    output = subprocess.check_output([str(part) for part in command], text=True)
                    found[name] = json.loads(output)
                sums = [found[name]["W2"] for name in ("torch", "apical")]
                assert abs(sums[0] / sums[1] - 1) < 1e-3, f"{model}: the sides disagree, {sums}"
                rounds.append({"model": model, **{n: f["seconds"] for n, f in found.items()}})
                print(rounds[-1], file=sys.stderr, flush=True)

    def ratio(model, slow, fast):
        values = [r[slow] / r[fast] for r in rounds if r["model"] == model]
        return {"median": median(values), "least": min(values), "most": max(values)}

    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.processor()} {os.cpu_count()} cores",
        "versions": {"jax": jax.__version__, **peers_env.versions(torch, "torch")},
        "commit": environment()["commit"],
        "load_before": os.getloadavg()[0],
        "rounds": rounds,
        "times": {
            "MB-500, PyTorch / apical": ratio("mb", "torch", "apical"),
            "MA-500, PyTorch / apical": ratio("ma", "torch", "apical"),
            "MA-500, apical Euler / strides of 10": ratio("ma", "apical", "apical, strides of 10"),
        },
    }
    (HERE / "results.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result["times"], indent=2))


if __name__ == "__main__":
    main()
