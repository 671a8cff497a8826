"""The one training loop: a generator of epochs, for one seed or for several side by side."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import jax
import numpy as np

from apical.data import Split
from apical.data.preprocessing import Affine
from apical.errors import DivergenceError
from apical.runs.precision import full_precision
from apical.settings.stopping import Stop, over
from apical.training.devices import Devices
from apical.training.divergence import diverged, locate
from apical.training.epoch import Progress, run_pass, step_keys
from apical.training.evaluate import evaluate
from apical.training.events import Epoch, Within
from apical.training.lanes import Lanes
from apical.training.learner import Carry, Examples, Keys, Learner, Parameters, Plan
from apical.training.no_numbers import warn_of_no_numbers
from apical.training.stream import Stream

PROBE = 500
"""How many training examples a learner is diagnosed on."""
MOST = 2**24
"""Numbers in the inputs of so many; of larger examples there are fewer."""


class Start(NamedTuple):
    """Where a seed begins, or goes on after `done` epochs, or `within` the one after them."""

    seed: int
    carry: Carry
    """After the last epoch that is done."""
    done: int = 0
    within: Within | None = None
    """Only of a seed that trains alone."""
    scores: Sequence[float | None] = ()
    """On validation, of the epochs that are done."""


@dataclass(eq=False)
class _Lane:
    """How far a seed has come."""

    seed: int
    epoch: int
    """The one in training, or the last one finished."""
    scores: list[float | None]
    """On validation, of its epochs."""
    stopped: str | None
    """Why it was stopped, if it was."""
    keys: Keys = field(init=False)
    trouble: DivergenceError | None = None

    def __post_init__(self):
        self.keys = Keys.of(self.seed)


def drawn(learner: Learner, examples: Examples, seed: int, devices: Devices = Devices()) -> Carry:
    """The carry before the first step, of nothing but what is drawn."""
    return begin(examples, Keys.of(seed), learner=learner, devices=devices)


@dataclass(frozen=True)
class Trainer:
    """A learner, the stream it learns from and the splits it is measured on.

    What every seed of a run shares, compiled programs included.
    """

    learner: Learner
    stream: Stream
    splits: dict[str, tuple[Affine, Split]]
    """`train`, `val` and `test`, each with its preprocessing."""
    epochs: int
    batch_size: int
    watched: tuple[str, ...] = ("val",)
    """The splits that are measured after every epoch."""
    begins: Callable[[Learner, Examples, int, Devices], Carry] = drawn
    """Gives the carry of a seed before the first step; examples show shapes, and devices that hold
    weights in parts draw them so."""
    devices: Devices = Devices()
    """Those that share each minibatch."""
    stop: tuple[Stop, ...] = ()
    """What may end a seed before its last epoch."""
    diagnoses: bool = True
    """Whether the learner is diagnosed after every epoch."""

    def begin(self, seed: int) -> Carry:
        """The carry before the first step; what is drawn depends on nothing but the seed."""
        devices = self.devices if self.devices.cut_weights else Devices()
        return self.begins(self.learner, self.zeros(), seed, devices)

    @property
    def shapes(self) -> Carry:
        """The shapes of a carry's arrays."""
        return jax.eval_shape(lambda: drawn(self.learner, self.zeros(), 0))

    def zeros(self) -> Examples:
        """A minibatch of zeros, so that nothing can look at the data before training."""
        shapes = jax.eval_shape(partial(self.stream.first, self.batch_size))
        return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)

    def train(self, starts: Sequence[Start]) -> Iterator[list[Epoch] | Within]:
        """Train on from each start, all as one program, and yield the epochs that have finished;
        of a seed alone, how far it has come between the chunks of an epoch.

        Epoch 0, before the first step, is measured after the first epoch, so that nothing is
        compiled before training starts but training. An epoch's seconds are the seed's share of
        what all took. Every start keeps its lane: that of a seed which has ended goes on idly,
        since a program of fewer lanes might round otherwise.

        Raises `DivergenceError` naming the first seed that diverged, epoch, step and layer, after
        the others have come to their ends; the epochs yielded before stay good.
        """
        lanes = Lanes(len(starts))
        carry = self.devices.put(lanes.join([start.carry for start in starts]))
        good = _to_host(carry)
        seeds = [_Lane(s.seed, s.done, [*s.scores], over(self.stop, s.scores)) for s in starts]
        within = starts[0].within if lanes.alone else None
        del starts  # or the lanes' carries would stay beside what they were joined to
        while going := [s for s in seeds if self._goes_on(s)]:
            for seed in seeds:
                seed.epoch += 1
            begin = time.perf_counter() - (within.seconds if within else 0.0)
            carry, metrics = yield from self._train_epoch(
                lanes, carry, good, seeds, going, within, begin
            )
            seconds, within = (time.perf_counter() - begin) / len(going), None
            sound = [i for i, s in enumerate(seeds) if s in going and s.trouble is None]
            ended: list[Epoch] = []
            if first := [i for i in sound if seeds[i].epoch == 1]:
                ended = self._before(lanes, good, seeds, first)
            begin = time.perf_counter()
            measured = self._during(lanes, carry, seeds)
            good = _to_host(carry)
            after = lanes.parts(good)
            timed = {
                "seconds": seconds,
                "seconds_measuring": (time.perf_counter() - begin) / len(going),
            }
            for i in sound:
                row = metrics[i] | measured[i] | timed
                seeds[i].scores.append(row.get(self.learner.metric("val")))
                if seeds[i].epoch < self.epochs:
                    seeds[i].stopped = over(self.stop, seeds[i].scores)
                told = self._finished(seeds[i].seed, seeds[i].epoch, after[i], row)
                ended.append(replace(told, stopped=seeds[i].stopped))
            yield ended
            del ended  # or its carries would outlive the next epoch's
        for seed in seeds:
            if seed.trouble is not None:
                raise seed.trouble

    def _goes_on(self, lane: _Lane) -> bool:
        return lane.epoch < self.epochs and lane.trouble is None and lane.stopped is None

    @full_precision()
    def measure(self, parameters: Parameters) -> dict[str, float]:
        """The metrics of every split."""
        (scores,) = self._scores(Lanes(1), parameters, tuple(self.splits))
        return scores

    def probe(self, count: int) -> Examples:
        """The first `count` training examples or fewer, a whole number of minibatches."""
        size = self.batch_size
        example = math.prod(self.stream.first(1).x.shape)
        found = self.stream.first(max(min(count, MOST // example), size))
        whole = len(found.x) // size * size
        return jax.tree.map(lambda leaf: leaf[:whole], found)

    def _during(self, lanes: Lanes, carry: Carry, seeds: Sequence[_Lane]) -> list[dict[str, Any]]:
        """After an epoch: the scores on the watched splits, and what the learner diagnoses."""
        scores = self._scores(lanes, self.learner.parameters(carry), self.watched)
        if not self.diagnoses:
            return scores
        return [
            scores[i] | self.learner.diagnose(lanes.part(carry, i), self.probed, seed.keys.rule)
            for i, seed in enumerate(seeds)
        ]

    def _before(
        self, lanes: Lanes, carry: Carry, seeds: Sequence[_Lane], which: Sequence[int]
    ) -> list[Epoch]:
        """Epoch 0 of some of the seeds."""
        measured, parts = self._during(lanes, carry, seeds), lanes.parts(carry)
        return [self._finished(seeds[i].seed, 0, parts[i], measured[i]) for i in which]

    def _scores(
        self, lanes: Lanes, parameters: Parameters, names: tuple[str, ...]
    ) -> list[dict[str, float]]:
        measured: list[dict[str, float]] = [{} for _ in range(lanes.count)]
        for name in names:
            found = evaluate(
                self.learner, parameters, *self.splits[name], name, lanes, self.devices
            )
            measured = [a | b for a, b in zip(measured, found, strict=True)]
        return measured

    def _finished(self, seed: int, number: int, carry: Carry, metrics: dict[str, Any]) -> Epoch:
        # Scores are plain numbers; one batch of one example may well have none.
        diagnosed = {k: tree for k, tree in metrics.items() if isinstance(tree, dict | list)}
        warn_of_no_numbers(seed, number, diagnosed)
        return Epoch(seed, number, metrics, carry, self.learner.parameters(carry))

    def _train_epoch(
        self,
        lanes: Lanes,
        carry: Carry,
        good: Carry,
        seeds: Sequence[_Lane],
        going: Sequence[_Lane],
        within: Within | None,
        began: float,
    ) -> Generator[Within, None, tuple[Carry, list[dict[str, float]]]]:
        """The carry after an epoch and each lane's metrics; those that diverge get a trouble.

        `good` is the carry before it, on the host.
        """
        metrics: dict[str, np.ndarray] = {}
        for i, turns in enumerate(self.plan):
            if within and i < within.passes:
                continue
            progress = Progress(0, carry, [])
            if within and i == within.passes:
                progress = within.progress._replace(carry=self.devices.put(within.progress.carry))
            if i or progress.steps:
                good = _to_host(progress.carry)
            done = progress.steps
            chunks = [
                partial(self.stream.chunks, s.epoch, s.keys, done, self.devices) for s in seeds
            ]
            each = [
                step_keys(
                    jax.random.fold_in(seed.keys.step, seed.epoch * len(self.plan) + i),
                    self.stream.steps,
                    turns,
                )
                for seed in seeds
            ]
            for further in run_pass(self.learner, turns, chunks, each, progress, self.devices):
                progress = further
                if lanes.alone and progress.steps < self.stream.steps:
                    seed, seconds = seeds[0], time.perf_counter() - began
                    yield Within(seed.seed, seed.epoch, i, progress, seconds)
            carry, metrics = progress.carry, progress.step_by_step
            for lane in diverged(metrics["train_loss"], self.learner, carry, lanes):
                seed = seeds[lane]
                if seed in going and seed.trouble is None:
                    start = lanes.part(good, lane)
                    where = locate(self.learner, turns, chunks[lane], each[lane], start, done)
                    seed.trouble = DivergenceError(
                        f"seed {seed.seed}, epoch {seed.epoch}, {where}: training diverged; "
                        f"{self.learner.remedy}"
                    )
            if all(seed.trouble for seed in going):
                break
        return self.learner.after_epoch(carry), [
            {name: float(lanes.part(values.T, i).mean()) for name, values in metrics.items()}
            for i in range(lanes.count)
        ]

    @cached_property
    def plan(self) -> Plan:
        """The passes of an epoch."""
        return self.learner.plan(self.shapes)

    @cached_property
    def probed(self) -> Examples:
        """The training examples that the learner is diagnosed on."""
        return self.probe(PROBE)


@partial(jax.jit, static_argnames=("learner", "devices"))
def begin(
    examples: Examples, keys: Keys, *, learner: Learner, devices: Devices = Devices()
) -> Carry:
    """One program: drawing every array by itself would compile as many."""
    return devices.hold(learner.start(examples, keys))


def _to_host(carry: Carry) -> Carry:
    return jax.tree.map(np.array, carry)
