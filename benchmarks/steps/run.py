"""Steps of locally connected and convolutional networks and of target propagation, beside PyTorch.

    python benchmarks/steps/run.py [--rounds 5] [--work lc conv dtp]

What is done: see work.py. DTP's images are MNIST's. Rounds: in each, every side once, in turn, in a fresh process; ratios are
taken within a round. All sides must work out the same weights or gradients, to 1e-3 of their sum.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from arrays import make
from work import BATCH

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import peers_env  # noqa: E402
from rounds import agree, circumstances, measure, ratio, write_results  # noqa: E402

KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**33),
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
}
"""glibc otherwise hands arrays of many megabytes back to the system and takes them anew each step."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", nargs="+", choices=BATCH, default=list(BATCH))
    parser.add_argument("--venv", type=Path, default=peers_env.DEFAULT)
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    options = parser.parse_args()
    torch = peers_env.python_of(options.venv)
    facts, rounds = circumstances(torch), {work: [] for work in options.work}
    with tempfile.TemporaryDirectory() as scratch:
        arrays = {work: Path(scratch) / f"{work}.npz" for work in options.work}
        for work, file in arrays.items():
            np.savez(file, **make(work))
        for _ in range(options.rounds):
            for work, file in arrays.items():
                rival, ours = HERE / "torch_side.py", HERE / "apical_side.py"
                found = {
                    "usual": measure(torch, rival, work, file, "usual"),
                    "fastest": measure(torch, rival, work, file, "fastest", variables=KEEP_MEMORY),
                    "apical": measure(sys.executable, ours, work, file),
                }
                agree(work, {name: side["check"] for name, side in found.items()})
                rounds[work].append({name: side["seconds"] for name, side in found.items()})
    times = {
        f"{work}, PyTorch {form} / apical": ratio(measured, form, "apical")
        for work, measured in rounds.items()
        for form in ("usual", "fastest")
    }
    write_results(options.out, {**facts, "rounds": rounds, "times": times})
    print(json.dumps(times, indent=2))


if __name__ == "__main__":
    main()
