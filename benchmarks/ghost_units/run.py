"""A minibatch of a ghost-unit circuit: apical beside the plain equations in eager PyTorch.

    python benchmarks/ghost_units/run.py

784-500-10, transpose feedback, the recipes' settings, real MNIST images. All sides get the same
arrays. Rounds: in each, every side once, in turn, in a fresh process; ratios are taken within a
round. After equal minibatches the sum of |W_2| must agree to 1e-3, strides apart.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from apical.data import load

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import peers_env  # noqa: E402
from rounds import agree, circumstances, measure, ratio, write_results  # noqa: E402

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
    facts, rounds = circumstances(torch), {model: [] for model in sides}
    with tempfile.TemporaryDirectory() as scratch:
        for model in sides:
            write(Path(scratch) / f"{model}.npz", model)
        for _ in range(options.rounds):
            for model, contenders in sides.items():
                found = {}
                for name, python, asked in contenders:
                    script = HERE / f"{name.split(',')[0]}_side.py"
                    found[name] = measure(
                        python, script, Path(scratch) / f"{model}.npz", asked, COUNT[model]
                    )
                agree(model, {name: found[name]["W2"] for name in ("torch", "apical")})
                rounds[model].append({name: side["seconds"] for name, side in found.items()})

    times = {
        "MB-500, PyTorch / apical": ratio(rounds["mb"], "torch", "apical"),
        "MA-500, PyTorch / apical": ratio(rounds["ma"], "torch", "apical"),
        "MA-500, apical Euler / strides of 10": ratio(
            rounds["ma"], "apical", "apical, strides of 10"
        ),
    }
    write_results(HERE / "results.json", {**facts, "rounds": rounds, "times": times})
    print(json.dumps(times, indent=2))


if __name__ == "__main__":
    main()
