"""One training epoch of a small MLP on MNIST: apical beside PyTorch and BioTorch, in one invocation.

    python benchmarks/train_step/run.py

784-500-500-10, tanh, softmax cross-entropy, Adam 1e-3, batch 100, 55000 images, 550 steps an epoch;
backpropagation, feedback alignment and direct feedback alignment. All sides get the same arrays
(arrays.py). First every candidate setting of every peer is measured, and its fastest kept
(contenders.py). Then rounds: in each, every contender once, in turn, in a fresh process, with a warm-up
epoch. A measurement during which other programs used the CPU is repeated, and marked if it stays so.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median

import arrays
from contenders import HERE, Contender, contenders
from job import Job, foreign_cpu_seconds
from table import disagreements, markdown, summarise

sys.path.insert(0, str(HERE.parent))
import peers_env

QUIET = 0.03  # the share of one core other programs may use; two OpenMP threads that spin feel even a little


def main() -> int:
    options = _options()
    # A terminated run must not leave a side running: as an exception, it reaches subprocess.run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    pythons = {"apical": Path(sys.executable)}
    pythons["torch"] = pythons["biotorch"] = peers_env.python_of(options.venv)
    line_up = contenders(set(options.sides))
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "arrays.npz"
        source = arrays.write(file, options.epochs)

        def once(contender: Contender, settings: dict) -> dict:
            job = Job(str(file), contender.rule, options.epochs, settings)
            return _measure(contender, job, pythons[contender.side], options)

        search = [len(c.candidates) > 1 and not options.quick for c in line_up]
        candidates = [
            [once(c, s) for s in c.candidates] if wanted else []
            for c, wanted in zip(line_up, search)
        ]
        chosen = [_fastest(tried) or c.candidates[0] for c, tried in zip(line_up, candidates)]
        facts = {
            "command": " ".join(["python", *sys.argv]),
            "date": time.strftime("%Y-%m-%d"),
            "machine": _machine(),
            "versions": {
                "apical": peers_env.versions(pythons["apical"], "apical", "jax", "optax"),
                "peers": peers_env.versions(pythons["torch"], "torch", "biotorch", "numpy"),
            },
            "data": source,
            "candidates": candidates,
        }
        rounds = []
        for _ in range(options.rounds):
            rounds.append([once(c, s) for c, s in zip(line_up, chosen)])
            rows = summarise(rounds)
            problems = disagreements(rows)
            result = {"rows": rows, "loss_disagreements": problems, **facts, "rounds": rounds}
            # After every round, so that a stopped run keeps what it has.
            options.out.write_text(json.dumps(result, indent=1) + "\n")

    print(markdown(rows))
    for problem in problems:
        print(f"NOT THE SAME ARITHMETIC: loss after one epoch, {problem}", file=sys.stderr)
    return 1 if problems else 0


def _fastest(tried: list[dict]) -> dict | None:
    """The settings of the fastest measurement, of the undisturbed ones if there are any."""
    calm = [result for result in tried if not result["contended"]] or tried
    best = min(calm, key=lambda result: median(result["seconds_per_epoch"]), default=None)
    return best and best["settings"]


def _measure(contender: Contender, job: Job, python: Path, options: argparse.Namespace) -> dict:
    """Run one side once, again while the machine was busy with something else."""
    for _ in range(options.retries + 1):
        _wait_for_quiet(options.patience)
        result = _run_side(contender, job, python)
        pairs = zip(result["foreign_cpu_seconds"], result["seconds_per_epoch"])
        result["contended"] = any(foreign > QUIET * seconds for foreign, seconds in pairs)
        if not result["contended"]:
            break
    took = median(result["seconds_per_epoch"])
    note = f" contended, after {options.retries} retries" if result["contended"] else ""
    print(
        f"{contender.rule:4}{contender.name:28}{took:7.3f} s  {job.settings}{note}", file=sys.stderr
    )
    return {"name": contender.name, "rule": job.rule, "settings": job.settings, **result}


def _run_side(contender: Contender, job: Job, python: Path) -> dict:
    file = Path(job.arrays).with_name("job.json")
    file.write_text(json.dumps(asdict(job)))
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}  # where `job` is
    done = subprocess.run(
        [str(python), str(contender.script), str(file)],
        env=environment,
        text=True,
        capture_output=True,
    )
    if done.returncode:
        raise SystemExit(f"{contender.name} ({job.rule}, {job.settings}) failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _wait_for_quiet(patience: float) -> None:
    """Return once other programs leave the CPU alone for a second, or patience ends."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = foreign_cpu_seconds()
        time.sleep(1.0)
        if foreign_cpu_seconds() - before < QUIET:
            return


def _machine() -> dict:
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        names = [
            line
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ]
        cpu = names[0].split(":")[1].strip() if names else cpu
    return {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--epochs", type=int, default=2, help="timed epochs a process, after one warm-up epoch"
    )
    parser.add_argument(
        "--retries", type=int, default=3, help="repeats of a measurement while the machine is busy"
    )
    parser.add_argument(
        "--patience", type=float, default=120.0, help="seconds to wait for a quiet machine"
    )
    parser.add_argument(
        "--quick", action="store_true", help="take each peer's first candidate setting untried"
    )
    parser.add_argument(
        "--sides", nargs="+", default=["torch", "biotorch", "apical"], metavar="SIDE"
    )
    parser.add_argument(
        "--venv", type=Path, default=peers_env.DEFAULT, help="the peers' environment"
    )
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
