"""From settings to an Optax transformation."""

import inspect

import jax
import optax

from apical.errors import UsageError
from apical.settings import Settings
from apical.suggest import unknown


def build(settings: Settings, steps: int) -> optax.GradientTransformation:
    """The optimizer of a run of `steps` steps: clip, decay, then the named optimizer.

    Raises `UsageError` if optax has no such optimizer or it lacks an argument.
    """
    known = _optimizers()
    if settings.optimizer not in known:
        raise UsageError(unknown("optimizer", settings.optimizer, known))
    make = known[settings.optimizer]
    parameters = inspect.signature(make).parameters
    for name in settings.optimizer_args:
        if name not in parameters:
            raise UsageError(unknown(f"optimizer {settings.optimizer}", name, parameters))

    rate = {
        "constant": optax.constant_schedule(settings.lr),
        "cosine": optax.cosine_decay_schedule(settings.lr, steps),
        "linear": optax.linear_schedule(settings.lr, 0.0, steps),
    }[settings.schedule]
    stages = [make(learning_rate=rate, **settings.optimizer_args)]
    if settings.weight_decay:
        stages.insert(0, optax.add_decayed_weights(settings.weight_decay, mask=_weights))
    if settings.clip_norm is not None:
        stages.insert(0, optax.clip_by_global_norm(settings.clip_norm))
    return optax.chain(*stages)


def _optimizers():
    """Every optimizer that optax exports: a public function with a learning rate."""
    return {
        name: value
        for name, value in vars(optax).items()
        if inspect.isfunction(value)
        and value.__module__.startswith("optax._src.alias")
        and "learning_rate" in inspect.signature(value).parameters
    }


def _weights(tree):
    return jax.tree.map(lambda leaf: leaf.ndim > 1, tree)
