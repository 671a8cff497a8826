"""Iterated target propagation beside eager PyTorch, and beside its matrix products alone.

    python benchmarks/generative/run.py [--rounds 3]

What is done: see work.py. Rounds: in each, every side once, in turn, in a fresh process; ratios are taken within
a round. Both sides must work out the same weights and samples, to 1e-3 of their sum.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from work import BATCH, MINIBATCHES, SIZES

from apical.data import load

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import peers_env  # noqa: E402
from rounds import agree, circumstances, measure, ratio, write_results  # noqa: E402


def arrays() -> dict[str, np.ndarray]:
    """Glorot weights of both encoders and decoders, and MNIST's minibatches."""
    draw = np.random.default_rng(0)
    pairs = list(zip(SIZES, SIZES[1:]))
    shapes = {f"f{l}": (above, below) for l, (below, above) in enumerate(pairs, start=1)}
    shapes |= {f"g{l}": pair for l, pair in enumerate(pairs, start=1)}
    weights = {}
    for name, shape in shapes.items():
        bound = np.float32(np.sqrt(6 / sum(shape)))
        weights[name] = bound * (2 * draw.random(shape, np.float32) - 1)
    train = load("mnist").train
    rows = draw.permutation(len(train))[: MINIBATCHES * BATCH]
    x = (train.x[rows].reshape(MINIBATCHES, BATCH, -1) / 255).astype(np.float32)
    return {**weights, "x": x}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--venv", type=Path, default=peers_env.DEFAULT)
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    options = parser.parse_args()
    torch = peers_env.python_of(options.venv)
    facts, rounds = circumstances(torch), []
    rival, ours = HERE / "torch_side.py", HERE / "apical_side.py"
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "arrays.npz"
        np.savez(file, **arrays())
        for _ in range(options.rounds):
            measured = {}
            for work in ("epoch", "samples"):
                found = {
                    "PyTorch": measure(torch, rival, work, file),
                    "apical": measure(sys.executable, ours, work, file),
                }
                agree(work, {name: side["check"] for name, side in found.items()})
                measured |= {f"{work}, {name}": side["seconds"] for name, side in found.items()}
            alone = measure(sys.executable, ours, "products", file)
            parzen = measure(sys.executable, ours, "parzen", file)
            measured["products alone"] = alone["seconds"]
            measured |= {
                "GFLOP/s alone": alone["gflops"],
                "parzen, apical": parzen["seconds"],
                "parzen, GiB": parzen["GiB"],
            }
            rounds.append(measured)
    times = {
        "PyTorch / apical, epoch": ratio(rounds, "epoch, PyTorch", "epoch, apical"),
        "PyTorch / apical, samples": ratio(rounds, "samples, PyTorch", "samples, apical"),
        "products alone / apical, epoch": ratio(rounds, "products alone", "epoch, apical"),
    }
    write_results(options.out, {**facts, "rounds": rounds, "times": times})
    print(json.dumps(times, indent=2))


if __name__ == "__main__":
    main()
