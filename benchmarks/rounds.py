"""What benchmarks in alternating rounds share: one side in a fresh process, and ratios in a round."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from types import MappingProxyType

import jax
import peers_env

from apical.runs.environment import environment

Round = dict[str, float]
"""Seconds of each side, measured one after the other."""


def measure(
    python: Path | str,
    script: Path,
    *arguments: object,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> dict:
    """What one side prints: JSON, in the last line of its output. `variables` join the environment's."""
    command = [str(part) for part in (python, script, *arguments)]
    done = subprocess.run(command, text=True, capture_output=True, env={**os.environ, **variables})
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    print(script.name, *arguments, found, file=sys.stderr, flush=True)
    return found


def agree(what: str, found: dict[str, float], tolerance: float = 1e-3) -> None:
    """Ends the benchmark unless all sides worked out the same number."""
    if not max(found.values()) <= (1 + tolerance) * min(found.values()):
        raise SystemExit(f"{what}: the sides disagree, {found}")


def ratio(rounds: list[Round], slow: str, fast: str) -> dict[str, float]:
    """How many times longer one side took than another, within each round."""
    values = [r[slow] / r[fast] for r in rounds]
    return {"median": median(values), "least": min(values), "most": max(values)}


def circumstances(peers: Path) -> dict:
    """When, where and with what it was measured. `peers` is their Python."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()} {os.cpu_count()} cores",
        "versions": {"jax": jax.__version__, **peers_env.versions(peers, "torch")},
        "commit": environment()["commit"],
        "load_before": os.getloadavg()[0],
    }


def write_results(file: Path, result: dict) -> None:
    file.write_text(json.dumps(result, indent=2) + "\n")
