"""Small ghost-unit circuits, for tests."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from apical.rules.ghost.circuit import Plasticity, Potentials, Weights, at_rest, euler
from apical.rules.integrate import integrate

SIZES = (6, 5, 4, 4, 3, 3)
"""Inputs, then the units of up to five layers."""


def still(layers):
    return Plasticity((0.0,) * layers, 0.0, 0.0)


def transposed(main):
    return tuple(W.T for W in main[1:])


def circuit(hidden, seed=0, perfect=True, ghosts=None, spread=1.0):
    """Weights and a batch; `ghosts` in each layer, or one for every unit above."""
    draw = np.random.default_rng(seed)
    sizes = (*SIZES[: hidden + 1], 3)
    main = tuple(
        jnp.array(draw.normal(0, spread, (above, below))) for below, above in pairwise(sizes)
    )
    if perfect:
        weights = Weights(main, main[1:], transposed(main))
    else:
        shapes = [(ghosts or above.shape[0], above.shape[1]) for above in main[1:]]
        P = tuple(jnp.array(draw.normal(0, 1, shape)) for shape in shapes)
        G = tuple(jnp.array(draw.normal(0, 1, shape[::-1])) for shape in shapes)
        weights = Weights(main, P, G)
    x = jnp.array(draw.random((2, sizes[0])))
    y = jax.nn.one_hot(jnp.array([0, 2]), 3)
    return weights, x, y


def settle(
    weights, phase, plasticity=None, steps=600, start=None, rate=0.5
) -> tuple[Potentials, Weights]:
    step = partial(euler, phase=phase, plasticity=plasticity or still(len(weights.main)), rate=rate)
    start = at_rest(phase.x, weights) if start is None else start
    return integrate(lambda s: step(*s), (start, weights), steps)


def feedforward(main, x):
    a = [x @ main[0].T]
    for W in main[1:]:
        a.append(jax.nn.sigmoid(a[-1]) @ W.T)
    return a
