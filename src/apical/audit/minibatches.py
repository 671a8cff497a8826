"""What a rule makes of a minibatch: whether examples add up, are averaged, and bring rest."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from apical.audit.program import Inputs, Moment, Outputs
from apical.rules import Batch

ROUNDING = 1e-9


def met(point: Inputs) -> list[Inputs]:
    """Both minibatches with targets that the network meets."""

    def satisfied(moment: Moment) -> Moment:
        y = moment.net.layers[-1].activation(moment.preactivations[-1])
        return eqx.tree_at(lambda m: m.batch.y, moment, y)

    both = satisfied(point.past), satisfied(point.now)
    return [eqx.tree_at(lambda p: (p.past, p.now), point, both)]


def rests(base: Outputs, met: Outputs) -> bool:
    """Whether updates vanish where targets are met."""
    return _largest(met.updates) <= 1e-12 * max(_largest(base.updates), 1e-3)


def pairs(point: Inputs) -> list[Inputs]:
    """The point with its first example changed, its second, and both; none for a single example."""
    count = len(point.now.batch.x)
    if count < 2:
        return []

    def changed(*examples: int) -> Inputs:
        where = np.isin(np.arange(count), examples)

        def rows(a, b):
            return jnp.where(where.reshape(-1, *(1,) * (a.ndim - 1)), b, a)

        now = point.now
        batch = Batch(rows(now.batch.x, 0.9 * now.batch.x), rows(now.batch.y, 1 - now.batch.y))
        preactivations = tuple(rows(a, a + 0.3) for a in now.preactivations)
        return eqx.tree_at(
            lambda p: (p.now.batch, p.now.preactivations), point, (batch, preactivations)
        )

    return [changed(0), changed(1), changed(0, 1)]


def adds_up(base: Outputs, pairs: list[Outputs]) -> bool:
    """Whether the changes that two examples bring add up."""
    leaves = (jax.tree.leaves(each.updates) for each in (base, *pairs))
    return not pairs or all(map(_add_up, *leaves))


def _add_up(none: np.ndarray, first: np.ndarray, second: np.ndarray, both: np.ndarray) -> bool:
    size = np.sum(np.abs((none, first, second, both)), axis=0)
    return bool(np.all(np.abs(both - first - second + none) <= ROUNDING * size + 1e-13))


def times_the_mean(point: Inputs, base: Outputs, l: int) -> float | None:
    """What a layer's update is of the mean over examples of signal times input; None: another."""
    now = point.now
    below = now.net.layers[l - 1].activation(now.preactivations[l - 1]) if l else now.batch.x
    mean = base.signals[l].T @ np.asarray(below) / len(now.batch.x)
    weight, _ = base.updates[l]
    times = float(np.vdot(mean, weight) / np.vdot(mean, mean)) if mean.any() else 0.0
    apart = np.abs(weight - times * mean).max()
    return times if times and apart <= ROUNDING * np.abs(weight).max() else None


def _largest(tree: PyTree) -> float:
    return max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(tree))
