"""What a run needs of memory, as its compiled programs tell, and refusal of what has not so much.

JAX keeps a program that was compiled for shapes and runs it when arrays of these shapes come, so
that asking compiles nothing twice. No array is allocated for it.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np
import psutil
from jaxtyping import PyTree

from apical.errors import UsageError
from apical.training.epoch import run_chunk, step_keys
from apical.training.evaluate import chunk as examples_at_once, tally
from apical.training.lanes import Lanes
from apical.training.learner import Keys, Pass
from apical.training.stream import rows_of, side_by_side
from apical.training.supervised import Carry, Supervised, activity
from apical.training.trainer import Trainer, begin
from apical.values.spelling import spell

REST = 64 << 20
"""Bytes of threads, and of small programs that are compiled on the way, beside all arrays."""
MAPPED = 32 << 20
"""Bytes from which on glibc gives an array back to the system when it is freed; smaller ones stay
with the process for others that are as small."""
LARGE = 10
"""Programs are asked only where a run takes at the least one part in so many of what is free."""

Pieces: TypeAlias = Sequence[PyTree]
"""What is in memory at once: trees of arrays or of their shapes, and blocks by their bytes."""


class Bytes(NamedTuple):
    """Memory of the device and of its host. On a CPU they are one."""

    device: int = 0
    host: int = 0


class _Moment(NamedTuple):
    device: Pieces
    host: Pieces


def needed(trainer: Trainer, seeds: int = 1, at_once: int = 1) -> Bytes:
    """The most that training needs beyond the data and the compiled programs, which are there then.

    **Arguments:**

    - `seeds`: how many train, `at_once` of them as one program.
    """
    learner, lanes, one = trainer.learner, Lanes(at_once), trainer.shapes
    carry = jax.eval_shape(lambda c: lanes.join([c] * at_once), one)
    key = jax.eval_shape(lambda: jax.random.key(0))
    shared = {"learner": learner, "lanes": lanes, "devices": trainer.devices}

    chunk = trainer.stream.shapes
    beside = jax.eval_shape(lambda c: side_by_side(lanes, [c] * at_once), chunk)

    def keys(turns: Pass) -> PyTree:
        each = partial(step_keys, steps=len(chunk.order), turns=turns)
        return jax.eval_shape(lambda k: lanes.join([each(k)] * at_once, axis=1), key)

    passes = [
        run_chunk.lower(carry, beside, keys(turns), turns=turns, **shared) for turns in trainer.plan
    ]
    transform, split = trainer.splits["val"]
    count = examples_at_once(learner, learner.parameters(one))
    *raw, mask = [rows_of((count,), a) for a in (split.x, split.y, np.zeros(1, bool))]
    measuring = [
        tally.lower(learner.parameters(carry), transform, *raw, mask, **shared),
        *learner.diagnosing(one, trainer.probed, key),
    ]  # fmt: skip
    zeros, drawn_by = jax.eval_shape(trainer.zeros), jax.eval_shape(lambda: Keys.of(0))
    drawing = begin.lower(zeros, drawn_by, learner=learner, devices=trainer.devices)

    best = [learner.parameters(one)] * at_once
    parts = [] if lanes.alone else [one] * at_once
    good = [carry, parts]
    before = [one, learner.parameters(one)] * (seeds - at_once)
    ahead, read = trainer.stream.ahead
    moments = [
        _Moment([[one] * at_once, _made(drawing) - size_of(one)], before),
        *(
            _Moment([carry, ahead, _made(program)], [good, best, read, before, [carry] * (i > 0)])
            for i, program in enumerate(passes)
        ),
        # What was drawn is measured after the first epoch, and goes to the device once more.
        *(_Moment([carry, p.args_info, _made(p)], [good, before]) for p in measuring),
        # The next good carry is made, and of lanes its parts, before the last goes.
        _Moment([carry], [good, carry, best, before]),
        _Moment([carry], [good, parts, best, before]),
    ]
    if _one_memory():
        return Bytes(host=REST + _peak([[*m.device, *m.host] for m in moments]))
    on_device = max(size_of(m.device) for m in moments)
    return Bytes(on_device, REST + _peak([m.host for m in moments]))


def _made(program: jax.stages.Lowered) -> int:
    """Bytes of what a program makes: results that take no argument's place, and all in between."""
    told = program.compile().memory_analysis()
    if told is None:  # as where the device's compiler does not tell
        return 0
    return told.output_size_in_bytes - told.alias_size_in_bytes + told.temp_size_in_bytes


def _peak(moments: Sequence[Pieces]) -> int:
    """The most of a host's memory: what small arrays once had is not there for large ones."""
    sizes = [[_size(leaf) for leaf in jax.tree.leaves(pieces)] for pieces in moments]
    small = max(sum(n for n in each if n < MAPPED) for each in sizes)
    return small + max(sum(n for n in each if n >= MAPPED) for each in sizes)


def refuse_giants(
    trainer: Trainer, active: int, remedy: str, seeds: int = 1, at_once: int = 1
) -> None:
    """Raises `UsageError`, with the remedy, if so many seeds, of which some train as one program,
    need more memory than is free.

    Where the carries and the activity of a minibatch, `active` bytes for an example, are little,
    no program is asked: a run that has ended, or is refused for another reason, need not compile.
    Of several devices no program is asked either.
    """
    devices, shapes = trainer.devices, trainer.shapes
    carry = at_once * size_of(shapes)
    examples = (
        trainer.batch_size if devices.cut_weights else -(-trainer.batch_size // devices.count)
    )
    on_device = at_once * (devices.bytes_of(shapes) + examples * active)
    if _one_memory():
        on_device *= devices.count // devices.hosts
    least = Bytes(on_device, 2 * carry)
    if at_once > 1:
        remedy += f", or train the {at_once} seeds one after the other"
    refuse(least, remedy)
    if trainer.devices.alone and any(LARGE * need >= free for need, free in _of_free(least)):
        refuse(needed(trainer, seeds, at_once), remedy)


def takes_the_most(carry: Carry, learner: Supervised) -> str:
    """The remedy that names the layer whose weights and activity take the most."""
    layers, settings = carry.net.layers, learner.settings
    copies = 4 * size_of(carry) // size_of(carry.net)
    shares = [copies * size_of(a) + 2 * settings.batch_size * activity(a) for a in layers]
    largest = shares.index(max(shares))
    names = [*map(spell, settings.hidden), "the output"]
    return (
        f"layer {largest + 1}, {names[largest]}, takes the most: give it fewer units or channels "
        "or a larger stride, or lower batch_size"
    )


def refuse(need: Bytes, remedy: str, what: str = "hidden: training") -> None:
    """Raises `UsageError`, which tells what needs so much, and the remedy, if it is more than is
    free."""
    for bytes_, free in _of_free(need):
        if bytes_ > free:
            raise UsageError(
                f"{what} needs {bytes_ / 2**30:.1f} GiB of memory or more, and "
                f"{free / 2**30:.1f} are free; {remedy}"
            )


def _of_free(need: Bytes) -> Iterator[tuple[int, int]]:
    """What is needed of each memory, and what of it is free.

    A device that does not tell is left out: its allocator fails in words.
    """
    there = psutil.virtual_memory().available
    if _one_memory():
        yield sum(need), there
        return
    yield need.host, there
    told = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in told:
        yield need.device, told["bytes_limit"] - told["bytes_in_use"]


def _one_memory() -> bool:
    return jax.default_backend() == "cpu"


def size_of(tree: PyTree) -> int:
    """Bytes of its arrays, or of arrays of their shapes."""
    return sum(map(_size, jax.tree.leaves(tree)))


def _size(leaf: Any) -> int:
    return leaf if isinstance(leaf, int) else math.prod(leaf.shape) * leaf.dtype.itemsize
