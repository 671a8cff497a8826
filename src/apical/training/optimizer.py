"""From settings to Optax transformations."""

import inspect
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import jax
import optax

from apical.errors import LARGEST, UsageError, unknown
from apical.settings import Loop, Settings
from apical.values.spelling import spell


class Optimizers(NamedTuple):
    """One for the network's weights, one for what the rule learns besides."""

    network: optax.GradientTransformation
    learned: optax.GradientTransformation


def build_both(settings: Settings, steps: int) -> Optimizers:
    """The optimizers of a run whose groups are stepped `steps` times each.

    What `settings` leave open for the learned group is as for the network; raises as `build`.
    """
    args = settings.optimizer_args if settings.learned_optimizer is None else {}
    if settings.learned_optimizer is not None:
        _find("learned_optimizer", settings.learned_optimizer)
    learned = replace(
        settings,
        optimizer=settings.learned_optimizer or settings.optimizer,
        lr=settings.lr if settings.learned_lr is None else settings.learned_lr,
        optimizer_args={**args, **settings.learned_optimizer_args},
    )
    return Optimizers(build(settings, steps), build(learned, steps))


def build(settings: Loop, steps: int) -> optax.GradientTransformation:
    """The optimizer of a run of `steps` steps: clip, decay, then the named optimizer.

    Equal settings give the same object, so that runs of one process share what
    was compiled for it.
    Raises `UsageError` if optax has no such optimizer or it lacks an argument, or if a schedule
    would have to count more steps than a 32-bit number can.
    """
    if not settings.schedule.endless and steps >= 2**31:
        raise UsageError(
            f"epochs: {settings.epochs} make {steps} steps, more than the 2^31 that a schedule "
            f"({spell(settings.schedule)}) counts; lower epochs, or use schedule constant"
        )
    return _build(
        settings.optimizer,
        settings.lr,
        tuple(sorted(settings.optimizer_args.items())),
        settings.schedule,
        settings.clip_norm,
        settings.weight_decay,
        0 if settings.schedule.endless else steps,
    )


NOT_OFFERED = ("lbfgs", "noisy_sgd")
"""One evaluates the loss itself, which a rule need not have; one keeps a random key, which no
checkpoint holds."""


@cache
def _build(name, lr, arguments, schedule, clip_norm, weight_decay, steps):
    optimizer = _find("optimizer", name)
    parameters = inspect.signature(optimizer).parameters.keys() - {"learning_rate"}
    for argument, value in arguments:
        if argument not in parameters:
            raise UsageError(unknown(f"optimizer {name}", argument, parameters))
        if not abs(value) <= LARGEST:
            raise UsageError(f"optimizer {name}: {argument} must be a finite number, got {value}")
    try:
        stages = [optimizer(learning_rate=schedule.rate(lr, steps), **dict(arguments))]
    except TypeError as error:
        if schedule.endless:
            raise UsageError(
                f"optimizer_args: the optimizer {name} does not take {dict(arguments)} ({error}); "
                "leave out what is no number there"
            ) from None
        raise UsageError(
            f"schedule: the optimizer {name} takes a constant learning rate only, got "
            f"{spell(schedule)}; use schedule constant"
        ) from None
    if weight_decay:
        stages.insert(0, optax.add_decayed_weights(weight_decay, mask=_weights))
    if clip_norm is not None:
        stages.insert(0, optax.clip_by_global_norm(clip_norm))
    return optax.chain(*stages)


def _find(setting, name):
    """The optimizer that a setting names."""
    known = _optimizers()
    if name not in known:
        raise UsageError(unknown(setting, name, known, "optax's documentation lists all"))
    return known[name]


def _optimizers():
    """Every optimizer that optax exports: a function with a learning rate, and no part of one."""
    return {
        name: value
        for name, value in vars(optax).items()
        if inspect.isfunction(value)
        and not name.startswith(("_", "scale_by_"))
        and "learning_rate" in inspect.signature(value).parameters
        and name not in NOT_OFFERED
    }


def _weights(tree):
    return jax.tree.map(lambda leaf: leaf.ndim > 1, tree)
