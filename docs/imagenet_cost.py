"""What a full ImageNet run costs: `python docs/imagenet_cost.py measure`, then `... write`.

`measure` compiles a training step of every method on the network of Bartunov et al. 2018, each in a
process of its own, asks the compiled program for its operations, bytes and memory, and times steps
here. What it finds is in `imagenet-cost.json`; `measure METHOD ...` measures these methods alone,
`decoder` the rate of the input pipeline. `write` brings the tables of `imagenet-cost.md` up to it.
"""

import json
import math
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
MEASURED, PAGE = HERE / "imagenet-cost.json", HERE / "imagenet-cost.md"
IMAGES, MEASURING, EPOCHS = 1_231_167, 100_000, 500
"""Training images; those of validation and test, which every epoch ends with; the paper's epochs
of its other runs."""
BATCH, DEVICES = 128, 8
"""The paper does not state its batch size."""
SHARE = BATCH // DEVICES
"""The images of a minibatch that a device has where there are so many."""
STEPS = 3
"""That are timed, after one that is not."""


class H100:
    """The data sheet of NVIDIA's H100 SXM5."""

    flops = 67e12
    """Of float32, outside the tensor cores."""
    bytes = 3.35e12
    link = 450e9
    """Bytes a second of NVLink in one direction."""
    reached = 0.5
    """The share of each peak that is reached: an assumption."""


def measured(name: str, timed: bool) -> dict:
    """Cost of a step of a minibatch and of a device's share of one, and the seconds of the latter;
    what takes turns has the steps of both passes."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from apical.papers.target_propagation.methods import published
    from apical.rules import DFA
    from apical.training.learner import Examples, Keys
    from apical.training.memory import size_of
    from apical.training.optimizer import build_both
    from apical.training.supervised import Supervised

    rule, settings = published("imagenet", name)
    steps = math.ceil(IMAGES / BATCH) * EPOCHS
    learner = Supervised(rule, settings, 1000, build_both(settings, steps))

    def examples(size) -> Examples:
        return Examples(jnp.zeros((size, 224, 224, 3)), jnp.zeros(size, jnp.int32))

    def costs(program) -> np.ndarray:
        told = program.cost_analysis()
        return np.array([told["flops"], told["bytes accessed"]])

    carry = jax.eval_shape(lambda: learner.start(examples(1), Keys.of(0)))
    key = jax.eval_shape(lambda: jax.random.key(0))
    turns = [turn for each in learner.plan(carry) for turn in each]
    step = jax.jit(learner.step, static_argnums=0, donate_argnums=1)
    found: dict = {"weights": size_of(carry.net) // 4, "kept": size_of(carry)}
    found["learned"] = size_of((carry.net, carry.state.learned))
    for size in (BATCH, SHARE):
        shapes = jax.eval_shape(partial(examples, size))
        programs = [step.lower(turn, carry, shapes, key).compile() for turn in turns]
        total = np.sum([costs(program) for program in programs], axis=0)
        if isinstance(rule, DFA):
            # The compiler counts the body of the loop over output units once.
            kept = carry.state.kept
            error = jax.ShapeDtypeStruct((size, kept.units), jnp.float32)
            lead = jax.jit(rule.broadcast.lead).lower(kept, error).compile()
            total = total + (kept.units - 1) * costs(lead)
        planned = [program.memory_analysis() for program in programs]
        scratch = max(plan.temp_size_in_bytes for plan in planned if plan is not None)
        found[str(size)] = {"flops": total[0], "bytes": total[1], "scratch": scratch}
    if timed:
        carry = jax.jit(lambda: learner.start(examples(1), Keys.of(0)))()
        given, key, taken = examples(SHARE), jax.random.key(0), []
        for _ in range(STEPS + 1):
            begin = time.perf_counter()
            for program in programs:
                carry, _ = program(carry, given, key)
            jax.block_until_ready(carry)
            taken.append(time.perf_counter() - begin)
        found["seconds"] = median(taken[1:])
    return found


def decoder() -> float:
    """Images a second that one core decodes and frames: the part of Imagenette, over and over."""
    import numpy as np

    from apical.data import load

    rows = load("imagenette").train.x[:200]
    rates = []
    for _ in range(3):
        begin = time.perf_counter()
        rows.drawn(lambda row: np.random.default_rng(row))
        rates.append(len(rows) / (time.perf_counter() - begin))
    return median(rates)


def measure(methods: list[str]) -> None:
    """Measure these methods, each in a process of its own, and keep what was found."""
    from apical.runs.environment import environment

    known = json.loads(MEASURED.read_text()) if MEASURED.exists() else {"methods": {}}
    known["date"], known["commit"] = time.strftime("%Y-%m-%d"), environment()["commit"]
    known["machine"] = f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores"
    for method in methods:
        command = [sys.executable, __file__, "one", method]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{method} failed:\n{done.stderr}")
        known["methods"][method] = json.loads(done.stdout.splitlines()[-1])
        MEASURED.write_text(json.dumps(known, indent=2) + "\n")
        print(method, known["methods"][method], flush=True)


def _step(found: dict, size: int, devices: int = 1) -> float:
    """Seconds of a step of so many images on each of some H100s."""
    cost = found[str(size)]
    seconds = max(cost["flops"] / H100.flops, cost["bytes"] / H100.bytes) / H100.reached
    # Each device sends and receives what is learned, but for its own part of it.
    return seconds + 2 * (devices - 1) / devices * found["learned"] / (H100.reached * H100.link)


def _by_step(found: dict) -> str:
    whole = found[str(BATCH)]
    here = f"{SHARE / found['seconds']:.1f}" if "seconds" in found else "not timed"
    kept, scratch, moved = (n / 1e9 for n in (found["kept"], whole["scratch"], whole["bytes"]))
    return (
        f"| {found['weights'] / 1e6:.0f} | {kept:.1f} | {scratch:.1f} "
        f"| {whole['flops'] / 1e12:.2f} | {moved:.0f} | {here} |"
    )


def _by_hours(found: dict, forward: float, rate: float) -> str:
    """`forward` are the seconds that an image takes to be measured, `rate` is the decoder's."""
    told = []
    for devices, size in ((1, BATCH), (DEVICES, SHARE)):
        seconds = _step(found, size, devices)
        epoch = IMAGES / BATCH * seconds + MEASURING * forward / devices
        cores = math.ceil(BATCH / seconds / rate)
        told.append(f"{BATCH / seconds:,.0f} | {EPOCHS * epoch / 3600:,.1f} | {cores}")
    return f"| {' | '.join(told)} |"


def page(text: str, known: dict) -> str:
    """The page with its tables as what was measured says."""
    methods, rate = known["methods"], known["decoder"]
    forward = _step(methods["bp"], BATCH) / BATCH / 3
    shown = {
        "measured": f"Measured on {known['date']}, at commit {known['commit'][:7]}, on "
        f"{known['machine']}.",
        "steps": f"| method | weights, millions | kept between steps, GB | scratch, GB "
        f"| TFLOP a step | GB read and written a step | images a second here, of {SHARE} |\n"
        + "|---|---|---|---|---|---|---|\n"
        + "\n".join(f"| {name} {_by_step(found)}" for name, found in methods.items()),
        "decoder": f"{rate:.0f} images a second",
        "hours": "| method"
        + "".join(
            f" | images a second on {devices} | hours of {EPOCHS} epochs | cores that decode"
            for devices in (1, DEVICES)
        )
        + " |\n"
        + "|---|---|---|---|---|---|---|\n"
        + "\n".join(
            f"| {name} {_by_hours(found, forward, rate)}" for name, found in methods.items()
        ),
        "peaks": f"- An H100 SXM5 has {H100.flops / 1e12:.0f} TFLOP/s of float32 outside the "
        f"tensor cores, {H100.bytes / 1e12:.2f} TB/s of\n  memory, and {H100.link / 1e9:.0f} GB/s "
        f"of NVLink in one direction. {100 * H100.reached:.0f} % of each is taken to be reached.",
        "budget": f"- Minibatches of {BATCH}, of which each of {DEVICES} devices has {SHARE}; an "
        f"epoch is {IMAGES:,} images to train on\n  and {MEASURING:,} to measure; {EPOCHS} epochs.",
    }
    for name, part in shown.items():
        between = "" if name == "decoder" else "\n"
        before, opening, rest = text.partition(f"<!-- {name} -->")
        _, closing, after = rest.partition(f"<!-- end of {name} -->")
        text = "".join([before, opening, between, part, between, closing, after])
    return text


if __name__ == "__main__":
    from apical.papers.target_propagation.experiments import ON_IMAGENET

    asked, *names = sys.argv[1:] or ["write"]
    if asked == "one":
        print(json.dumps(measured(names[0], timed="--untimed" not in names)))
    elif asked == "measure":
        measure(names or list(ON_IMAGENET))
    elif asked == "decoder":
        stored = json.loads(MEASURED.read_text()) if MEASURED.exists() else {"methods": {}}
        MEASURED.write_text(json.dumps(stored | {"decoder": decoder()}, indent=2) + "\n")
    else:
        PAGE.write_text(page(PAGE.read_text(), json.loads(MEASURED.read_text())))
