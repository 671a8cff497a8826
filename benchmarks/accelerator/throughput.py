"""Images a second and bytes a step of every method on the ImageNet network, on random images.

Reading images is left out: `benchmarks` measures the decoder by itself. Settings are those of the
paper's Table 5; each method has a process of its own, which gives the accelerator's memory back.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

ENOUGH = 3.0
"""Seconds of training that are measured, after a step that is not."""
MOST = 200


@dataclass(frozen=True)
class Images:
    """What is trained on; smaller and fewer ones try the command out."""

    side: int = 224
    classes: int = 1000
    batch: int = 100


def methods() -> tuple[str, ...]:
    """Those of the paper's Table 2, and DFA."""
    from apical.papers.target_propagation.experiments import ON_IMAGENET

    return ON_IMAGENET


def measure(method: str, images: Images) -> dict[str, Any]:
    """One method, in this process; JSON-ready.

    Bytes and FLOPs of a step are the compiler's own counts: what its operations read and write, what
    the program holds from step to step (weights, optimizers, rule), and what it makes in between.
    """
    import jax
    import numpy as np

    from apical.data import from_arrays
    from apical.papers.target_propagation.methods import published
    from apical.runs.precision import asked, full_precision, precision
    from apical.training.epoch import run_chunk, step_keys
    from apical.training.lanes import Lanes
    from apical.training.learner import Keys
    from apical.training.task import Task

    rule, settings = published("imagenet", method)
    settings = replace(settings, batch_size=images.batch, epochs=1, preprocessing=None)
    draw, count = np.random.default_rng(0), max(images.batch, images.classes)
    x = draw.integers(0, 256, (count, images.side, images.side, 3), np.uint8)
    y = np.arange(count, dtype=np.int32) % images.classes
    few = slice(0, images.classes)
    data = from_arrays(x, y, validation=(x[few], y[few]), test=(x[few], y[few]))
    task = Task(rule, data, replace(settings, steps_per_epoch=1))
    trainer, keys = task.trainer, Keys.of(0)
    with full_precision(), asked(settings.matmul_precision):
        (chunk,) = trainer.stream.chunks(1, keys)
        carry = trainer.begin(0)
        begun = time.perf_counter()
        passes = []
        for turns in trainer.plan:
            drawn = step_keys(keys.step, 1, turns)
            lowered = run_chunk.lower(
                carry, chunk, drawn, lanes=Lanes(1), learner=trainer.learner, turns=turns,
                devices=trainer.devices,
            )  # fmt: skip
            passes.append((lowered.compile(), drawn))
        compiling = time.perf_counter() - begun
        held = sum(leaf.nbytes for leaf in jax.tree.leaves(carry))

        def step(carry: Any) -> Any:
            for program, drawn in passes:
                carry, _ = program(carry, chunk, drawn)
            return carry

        carry = jax.block_until_ready(step(carry))
        begun, steps = time.perf_counter(), 0
        while steps < MOST and time.perf_counter() - begun < ENOUGH:
            carry = jax.block_until_ready(step(carry))
            steps += 1
        seconds = (time.perf_counter() - begun) / steps
        held_to = precision() or "default"
    costs = [program.cost_analysis() or {} for program, _ in passes]
    plans = [program.memory_analysis() for program, _ in passes]
    return {
        "method": method, **asdict(images), "device": jax.devices()[0].device_kind,
        "matmul_precision": held_to, "weights": sum(a.size for a in jax.tree.leaves(carry.net)),
        "images_per_second": images.batch / seconds, "seconds_per_step": seconds, "steps": steps,
        "flops_per_step": sum(cost.get("flops", 0.0) for cost in costs),
        "bytes_accessed_per_step": sum(cost.get("bytes accessed", 0.0) for cost in costs),
        "bytes_held": held, "bytes_between": max(p.temp_size_in_bytes for p in plans if p),
        "seconds_compiling": compiling,
    }  # fmt: skip


def measured(methods: Sequence[str], images: Images, until: float) -> list[dict[str, Any]]:
    """Each in a process; of one that fails its last line, and nothing of those that `until`, a time
    of `time.monotonic`, leaves no time for."""
    found = []
    for method in methods:
        code = (
            "import json, sys; from benchmarks.accelerator.throughput import Images, measure; "
            f"json.dump(measure({method!r}, {images!r}), sys.stdout)"
        )
        try:
            done = subprocess.run(
                [sys.executable, "-c", code],
                check=False, capture_output=True, text=True,
                timeout=max(0.0, until - time.monotonic()),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            break
        if done.returncode:
            complaint = (done.stderr.strip() or "it was killed").splitlines()[-1]
            found.append({"method": method, "failure": complaint})
        else:
            found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def told(row: dict[str, Any]) -> str:
    """A row in a line."""
    if "failure" in row:
        return f"{row['method']}: {row['failure']}"
    return (
        f"{row['method']}: {row['images_per_second']:.1f} images/s, "
        f"{row['flops_per_step'] / 1e9:.2f} GFLOP and {row['bytes_accessed_per_step'] / 2**30:.2f} GiB a "
        f"step of {row['batch']}, {row['bytes_held'] / 2**30:.2f} GiB held"
    )
