"""Derivatives that are not asked for: what follows the activation's derivative.

For tanh it is 1 - h^2, which any rule can compute from the activity alone. So the activity of all
units of a layer is led along a grid, all else held, and the curves of all layers' signals and
updates are looked at.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from apical.audit.program import Inputs, Outputs
from apical.networks.activations import Activation
from apical.networks.network import Network

GRID = np.linspace(-2.0, 2.0, 9)
ALIKE = 0.98
"""A correlation with the derivative above it counts: approximations of it by short polynomials."""


def along(point: Inputs) -> list[Inputs]:
    """The point with the preactivations of one hidden layer at each value of the grid, for each."""
    found = []
    for l, a in enumerate(point.now.preactivations[:-1]):

        def of_now(p: Inputs, l: int = l) -> Any:
            return p.now.preactivations[l]

        found += [eqx.tree_at(of_now, point, jnp.full_like(a, t)) for t in GRID]
    return found


def of_layer(results: list[Any], l: int) -> list[Any]:
    """Those of `along`'s for one hidden layer, at an index."""
    return results[l * len(GRID) : (l + 1) * len(GRID)]


def shows(results: list[Outputs], l: int, moved: int, net: Network) -> bool:
    """Whether layer l's signals or weight updates follow the derivative of the layer moved.

    Only its own signals may do so nearly: honest products of activities bend as well.
    """
    activation = net.layers[moved].activation
    signals = np.stack([each.signals[l] for each in results])
    updates = np.stack([each.updates[l][0] for each in results])
    return follows(signals, activation, nearly=l == moved) or follows(
        updates, activation, nearly=False
    )


def follows(curves: np.ndarray, activation: Activation, *, nearly: bool) -> bool:
    """Whether most curves follow the derivative along the grid.

    **Arguments:**

    - `curves`: (grid, ...).
    - `nearly`: whether a correlation is enough.
    """
    h, slope = jax.jvp(activation, (jnp.asarray(GRID),), (jnp.ones(GRID.shape),))
    if activation.couples or np.ptp(slope) < 1e-6:  # nothing to follow
        return False
    curves = curves.reshape(len(GRID), -1)
    moving = np.ptp(curves, axis=0) > 1e-9 * np.maximum(np.abs(curves).max(axis=0), 1e-12)
    if not moving.any():
        return False
    curves = curves[:, moving]
    alike = nearly & (np.abs(np.corrcoef(curves.T, np.asarray(slope))[-1, :-1]) > ALIKE)
    basis = np.stack([slope, slope * h], axis=1)
    exact = _misses(curves, basis) < 1e-8
    # What a line in the activity explains needs no derivative.
    simple = _misses(curves, np.stack([np.ones_like(h), h], axis=1)) < 1e-8
    return bool(np.mean((alike | exact) & ~simple) > 0.5)


def _misses(curves: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The part of each curve that no sum of the basis makes."""
    fitted = basis @ np.linalg.lstsq(basis, curves, rcond=None)[0]
    return np.linalg.norm(curves - fitted, axis=0) / np.linalg.norm(curves, axis=0)
