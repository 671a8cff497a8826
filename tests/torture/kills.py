"""Commands that are ended at random moments and go on must leave what an undisturbed twin leaves.

A case draws a command of a few seconds, lets a twin run undisturbed, and then kills the same
command several times over, in folders of its own: after each kill it goes on, until it has ended.
"""

import hashlib
import json
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apical.rules import RULES
from tests.torture.belongings import Belongings
from tests.torture.ledger import Tried
from tests.torture.promise import broken
from tests.torture.sandbox import Place, Process, command, run

LIMIT = 300.0
"""Seconds of computing in which a command must end."""
LIVES = 10
"""How many times a command is begun anew and killed."""
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
OUT = "out"


@dataclass(frozen=True)
class Victim:
    """A command that can be killed and goes on."""

    name: str
    first: list[str]
    again: list[str]
    """What goes on with it."""
    processes: bool = False
    """Whether it starts processes of its own, so that it matters whom a signal meets."""


def tries(rng: random.Random, place: Path, belongings: Belongings) -> Iterator[Tried]:
    """One command, killed over and over."""
    victim, seconds = _living(rng, place)
    whole = _left(place / "twin" / "work" / OUT)
    for life in range(LIVES):
        where = Place(place / f"life-{life}")
        yield from _killed(victim, where, seconds, rng)
        ended = run(command(victim.again), where, LIMIT)
        found = broken(ended)
        if ended.code:
            found.append("does not go on")
        elif differences := _differences(whole, _left(where.work / OUT)):
            found.append(f"differs from its twin in {', '.join(differences)}")
        yield Tried(f"{victim.name} goes on", victim.again, ended, found)


def _living(rng: random.Random, place: Path) -> tuple[Victim, float]:
    """A command whose options go together, and how long its twin took."""
    draws = 5 * [_training] + 2 * [_generation] + 2 * [_search] + [_reproduction]
    draw = rng.choice(draws)
    while True:
        victim, where = draw(rng), Place(place / "twin")
        # Twice: the first compiles.
        run(command(victim.first), Place(place / "first"), LIMIT)
        ended = run(command(victim.first), where, LIMIT)
        if ended.code == 0:
            return victim, ended.seconds
        if ended.code != 2:
            raise RuntimeError(f"{victim.first}: {ended.err}")


def _killed(victim: Victim, place: Place, seconds: float, rng: random.Random) -> Iterator[Tried]:
    """Kill it once or several times in a row."""
    argv, note = victim.first, ""
    for _ in range(rng.randint(1, 5)):
        moment, number = rng.uniform(0, seconds), rng.choice(SIGNALS)
        group = not victim.processes or rng.random() < 0.5
        process = Process(command(argv), place)
        if process.runs_after(moment):
            process.send(number, group)
        ended = process.end(LIMIT)
        note += f"{number.name} at {moment:.2f} s "
        met = number.name if ended.sent else "ended before"
        yield Tried(f"{victim.name} {met}", argv, ended, broken(ended), note)
        argv = victim.again


# What is killed

NETS = (
    ["--hidden", "8"], ["--hidden", "8", "6"], ["--hidden", "7", "6", "5"],
    ["--net", "lc:3x3,2,s2", "fc:6"], ["--net", "conv:3x3,2,s2"], ["--net", "fc:8,sign", "fc:6"],
    ["--net", "fc:8,bernoulli", "fc:6", "--activation", "sigmoid"],
)  # fmt: skip
SPICES: tuple[list[str], ...] = (
    [], ["--optimizer", "sgd"], ["--optimizer", "rmsprop"], ["--schedule", "cosine"],
    ["--alternate", "epoch"], ["--alternate", "batch"], ["--augmentation", "crop-flip:1"],
    ["--partial-batch", "wrap"], ["--record-test"], ["--clip-norm", "1"],
    ["--weight-decay", "0.001"], ["--target", "input"], ["--no-bias"], ["--loss", "squared-error"],
    ["--seeds", "2", "--together"],
)  # fmt: skip
SMALL = ["--steps-per-epoch", "3", "--batch-size", "20"]


def _training(rng: random.Random) -> Victim:
    rule = rng.choice([rule.name for rule in RULES])
    data = ["--data", "digits"]
    if rule == "associative-stdp":
        data += ["--classes", "0", "1"]
    words = [rule, *data, *rng.choice(NETS), *rng.choice(SPICES)]
    return _run("train", ["train", *words], rng)


STACKS = (["6"], ["8", "4"], ["7", "5", "3"])
VARIANTS: tuple[list[str], ...] = (
    [], ["--optimizer", "adam"], ["--schedule", "cosine"], ["--estimator", "true-gradient"],
    ["--beta", "0.1"], ["--stages", "0", "from:2,1,1,0.1,0.1"], ["--partial-batch", "wrap"],
    ["--record-test"], ["--augmentation", "crop-flip:1"], ["--seeds", "2", "--together"],
    ["--lesson", "temporal-derivative"],
)  # fmt: skip


def _generation(rng: random.Random) -> Victim:
    words = ["--data", "digits", "--hidden", *rng.choice(STACKS), *rng.choice(VARIANTS)]
    return _run("generate", ["generate", "train", *words], rng)


def _run(name: str, words: list[str], rng: random.Random) -> Victim:
    """A training of a few moments."""
    argv = [*words, *SMALL, "--epochs", rng.choice("2345"), "--seed", rng.choice("012")]
    if "--seeds" not in argv:
        argv += ["--seeds", rng.choice("12")]
    argv += ["--checkpoint-seconds", rng.choice(["0", "0", "0.05", "100"]), "--out", OUT]
    return Victim(name, argv, [*argv, "--resume"])


def _search(rng: random.Random) -> Victim:
    rule = rng.choice([rule.name for rule in RULES if rule.space])
    argv = ["search", rule, "--data", "digits", "--epochs", "2", "--hidden", "6", *SMALL]
    argv += ["--trials", rng.choice("234"), "--seed", rng.choice("012"), "--out", OUT]
    return Victim("search", argv, argv)


def _reproduction(rng: random.Random) -> Victim:
    name, claim = rng.choice(
        [("itd", "vbp"), ("itd", "derivative-free"), ("local-stdp", "accuracy-iris-0v2"),
         ("local-stdp", "fgsm-iris-0v2")]
    )  # fmt: skip
    argv = ["reproduce", name, "--protocol", "smoke", "--only", claim, "--jobs", "1", "--out", OUT]
    return Victim("reproduce", argv, argv, processes=True)


# What it leaves


def _left(out: Path) -> dict[str, Any]:
    """What a command has left, by file, without what may differ: seconds and machines."""
    left: dict[str, Any] = {}
    for path in sorted((p for p in out.rglob("*") if p.is_file()), key=_by_epoch):
        name = str(path.relative_to(out))
        if path.suffix == ".jsonl":
            left[name] = [_timeless(json.loads(line)) for line in path.read_text().splitlines()]
        elif path.name in ("config.json", "summary.json", "best.json", "claims.json"):
            left[name] = _timeless(json.loads(path.read_text()))
        elif path.suffix == ".npz":
            # Which epochs have one depends on the clock; the last always has.
            left[f"{path.parent.relative_to(out)}/last"] = path.name, _digest(path)
        elif path.name in ("trials.csv", "attack.csv"):
            left[name] = path.read_text()
        elif path.suffix in (".part", ".tmp"):
            left[name] = "left over"
    return left


def _by_epoch(path: Path) -> tuple[Path, int, str]:
    return path.parent, int(path.stem) if path.stem.isdigit() else 0, path.name


def _timeless(data: Any) -> Any:
    if isinstance(data, dict):
        return {k: _timeless(v) for k, v in data.items() if not k.startswith("seconds")}
    return [_timeless(item) for item in data] if isinstance(data, list) else data


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _differences(whole: dict[str, Any], part: dict[str, Any]) -> list[str]:
    return [name for name in sorted({*whole, *part}) if whole.get(name) != part.get(name)]
