"""So many minutes of an accelerator, spent on a paper's runs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.accelerator.throughput import Images, measured, told

SAVING = 15.0
"""Seconds kept for the records."""


def prepare(wheels: Path, work: Path) -> None:
    """Set up the environment of this process, before JAX is imported, and of those it starts."""
    # Smoke test and runs are processes of their own, which share the accelerator's memory.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(work / "xla"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")
    if platforms := os.environ.get("JAX_PLATFORMS"):  # the smoke test needs the CPU too
        os.environ["JAX_PLATFORMS"] = ",".join(dict.fromkeys([*platforms.split(","), "cpu"]))
    noted = wheels / "commit.txt"
    if noted.exists():
        os.environ.setdefault("APICAL_COMMIT", noted.read_text().strip())


def spend(
    minutes: float,
    out: Path,
    work: Path,
    papers: Sequence[str],
    protocol: str,
    seeds: int | None,
    go_on: bool,
    methods: Sequence[str] = (),
    images: Images = Images(),
) -> int:
    """Smoke test, throughput of methods, then runs, until the minutes are over; what they came to
    is in `out`. The throughput has a third of what is left after the smoke test, if runs follow.

    Returns the exit code: 1 if rules differ from the CPU and `go_on` does not say to go on.
    """
    end = time.monotonic() + 60 * minutes
    out.mkdir(parents=True, exist_ok=True)
    found = _smoke(out / "smoke.json", end - SAVING - time.monotonic())
    if found is None:
        _say("the smoke test did not end in time, and nothing was run; give more --minutes")
        return 1
    _say(f"smoke test on {found['device']}: {len(found['distances'])} rules, "
         f"tolerance {found['tolerance']:g}, {60 * minutes - (end - time.monotonic()):.0f} s")  # fmt: skip
    for name in found["mismatches"]:
        _say(f"  {name} is not as on the CPU: {found['distances'][name]}")
    if found["mismatches"] and not go_on:
        _say("nothing was run; --go-on runs all the same")
        return 1
    if methods:
        left = end - SAVING - time.monotonic()
        rows = measured(methods, images, time.monotonic() + left / (3 if papers else 1))
        (out / "throughput.json").write_text(json.dumps(rows, indent=1) + "\n")
        for row in rows:
            _say(told(row))
        _say(f"throughput: {len(rows)} of {len(methods)} methods tried")
    for name in papers:
        report = _reproduce(name, out, work, protocol, seeds, end - SAVING)
        (out / f"{name}.report.json").write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _smoke(file: Path, seconds: float) -> dict[str, Any] | None:
    """In a process of its own, whose end gives the accelerator's memory back; None: it took longer."""
    code = "import json, sys; from benchmarks.accelerator.smoke import smoke; json.dump(smoke(), sys.stdout)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=max(0.0, seconds),
        )
    except subprocess.TimeoutExpired:
        return None
    file.write_text(done.stdout + "\n")
    return json.loads(done.stdout)


def _reproduce(
    name: str, out: Path, work: Path, protocol: str, seeds: int | None, until: float
) -> dict[str, Any]:
    """Runs of a paper, the most valuable first, and the file of records that they leave."""
    from apical.jobs.processes import Processes
    from apical.reproduce import paper
    from apical.reproduce.experiment import Run
    from apical.reproduce.records import Records
    from apical.reproduce.reproduction import Reproduction

    asked = Reproduction(paper.read(name), protocol, work / name, seeds)
    missing = asked.missing(recorded=True)
    jobs = asked.arranged(missing, together=True)
    lacking = _lacking({job.experiment.data for job in missing if isinstance(job, Run)})
    for data, why in lacking.items():
        _say(f"{data}: {why}; its runs are left out")
    wanted = [job for job in jobs if _data_of(job) not in lacking]
    begin = time.monotonic()
    outcomes = asked.carry_out(
        wanted,
        Processes(1),
        lambda o: _say(f"{o.job.label}: {o.failure or f'{o.seconds:.1f} s'}"),
        until,
    )
    kept = Records(out / name / "records.jsonl.xz").keep(protocol, asked.runs) if outcomes else 0
    left = [job for job in jobs if not job.finished()]
    _say(
        f"{name}: {kept} runs recorded, {len(left)} of {len(jobs)} jobs left, {time.monotonic() - begin:.0f} s"
    )
    return {
        "protocol": protocol, "recorded": kept, "lacking": lacking,
        "jobs": [{"job": o.job.label, "seconds": o.seconds, "failure": o.failure} for o in outcomes],
        "left": [{"job": job.label, "seconds": job.seconds()} for job in left],
    }  # fmt: skip


def _data_of(job) -> str | None:
    """The data set that a job trains on; None for an examination."""
    from apical.reproduce.experiment import Run, Together

    run = job.runs[0] if isinstance(job, Together) else job
    return run.experiment.data if isinstance(run, Run) else None


def _lacking(names: set[str]) -> dict[str, str]:
    """The data sets that are not to be had here, and why."""
    from apical import load
    from apical.errors import ApicalError

    found = {}
    for name in sorted(names):
        try:
            load(name)
        except ApicalError as error:
            found[name] = str(error)
    return found


def _say(text: str) -> None:
    print(text, flush=True)
