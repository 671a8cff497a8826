"""Where a run that met values that are not finite went wrong."""

import jax
import jax.numpy as jnp
import numpy as np

from apical.training.epoch import Carry, step_keys, update
from apical.training.minibatches import Minibatches

DIVERGED = 1e6
"""A mean training loss above this is divergence even where it is still finite."""


def diverged(losses: np.ndarray, carry: Carry) -> bool:
    """Whether an epoch's losses, or the weights and the rule's state it left, are beyond use."""
    left = jax.tree.leaves((carry.net, carry.state))
    finite = all(bool(jnp.isfinite(leaf).all()) for leaf in left)
    return not finite or not bool(np.all(np.abs(losses) < DIVERGED))


def locate(carry: Carry, minibatches: Minibatches, key, *, rule, optimizers, turns) -> str:
    """Walk the pass again from its start and name the first step and values that went wrong."""
    fixed = rule, optimizers, minibatches.target
    step = jax.jit(lambda turn, *inputs: update(*fixed, turn, *inputs)[0], static_argnums=0)
    inspect = jax.jit(lambda carry, batch, key: _largest(rule, carry, batch, key))
    steps = len(minibatches.order)
    walk = zip(*minibatches.draws, step_keys(key, steps, turns), strict=True)
    for i, (rows, draw, keys) in enumerate(walk, start=1):
        batch = minibatches.batch(carry.net.units, rows, draw)
        for turn, key_ in zip(turns, keys, strict=True):
            for name, size_ in inspect(carry, batch, key_).items():
                if not size_ < DIVERGED:
                    return f"step {i}: {name} reached {float(size_):.3g}"
            carry = step(turn, carry, batch, key_)
    return f"step {steps}: {_worst(carry)}"


def _largest(rule, carry: Carry, batch, key) -> dict[str, jax.Array]:
    """The largest magnitude of each layer's values, in the order in which they arise."""
    net = carry.net.drawn(key)
    record = net.record(batch.x)
    credit = rule.credit(net, carry.state, batch, key)
    found = {}
    for l, layer in enumerate(carry.net.layers):
        found[f"layer {l + 1}'s weights"] = _size(layer)
        found[f"layer {l + 1}'s preactivations"] = _size(record.preactivations[l])
    for l, signal in reversed(list(enumerate(credit.signals))):
        found[f"layer {l + 1}'s teaching signal"] = _size(signal)
    return found


def _size(tree) -> jax.Array:
    """The largest magnitude among the numbers of a tree; counters and seeds are no sizes."""
    floats = [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return jnp.max(jnp.array([0.0, *(jnp.max(jnp.abs(leaf)) for leaf in floats)]))


def _worst(carry: Carry) -> str:
    sizes = {f"layer {l + 1}'s weights": _size(w) for l, w in enumerate(carry.net.layers)}
    sizes["the rule's state"] = _size(carry.state)
    worst = max(sizes, key=lambda name: np.nan_to_num(float(sizes[name]), nan=np.inf))
    return f"{worst} reached {float(sizes[worst]):.3g}"
