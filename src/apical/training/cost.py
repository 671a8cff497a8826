"""What a step costs, as its compiled program tells."""

import math
from functools import partial
from typing import Any, NamedTuple

import jax

from apical.data import Dataset
from apical.rules import Rule
from apical.settings import Settings
from apical.training.learner import Pass
from apical.training.task import Task
from apical.training.trainer import Trainer


class Cost(NamedTuple):
    """Of one step of a learner on one minibatch."""

    flops: float
    """Floating-point operations, as the compiler counts them; nan where it does not.

    It counts a loop as one pass through it, so that those of dynamics that settle are not told.
    """
    bytes: int
    """Memory of what it is given, what it gives and what is in between."""


def step_cost(trainer: Trainer) -> Cost:
    """Of a step on a minibatch of the training size, compiled for this machine; runs nothing.

    Where a learner takes turns in passes of their own, as inverses and network may, a step is one
    of each: operations are added, and of memory the most is told.

    !!! example

        >>> import apical
        >>> digits = apical.load("digits")
        >>> costs = [
        ...     rule_cost(rule, digits, apical.Settings(hidden=(32,)))
        ...     for rule in (apical.BP(), apical.DTP())
        ... ]
        >>> costs[0].flops < costs[1].flops
        True
    """
    costs = [_of_pass(trainer, turns) for turns in trainer.plan]
    return Cost(sum(c.flops for c in costs), max(c.bytes for c in costs))


def rule_cost(rule: Rule, data: Dataset, settings: Settings) -> Cost:
    """Of a step by a rule (see `step_cost`)."""
    cost = step_cost(Task(rule, data, settings).trainer)
    return cost._replace(flops=math.nan) if rule.traits.settles else cost


def _of_pass(trainer: Trainer, turns: Pass) -> Cost:
    examples = jax.eval_shape(trainer.zeros)
    keys = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), len(turns)))

    @partial(jax.jit, donate_argnums=0)
    def step(carry, examples, keys):
        told = []
        for turn, key in zip(turns, keys, strict=True):
            carry, metrics = trainer.learner.step(turn, carry, examples, key)
            told.append(metrics)
        return carry, told

    program = step.lower(trainer.shapes, examples, keys).compile()
    operations, memory = program.cost_analysis() or {}, program.memory_analysis()
    return Cost(float(operations.get("flops", math.nan)), _peak(memory))


def _peak(memory: Any) -> int:
    """Arguments, results that take no argument's place, and what is in between."""
    made = memory.output_size_in_bytes - memory.alias_size_in_bytes + memory.temp_size_in_bytes
    return memory.argument_size_in_bytes + made
