"""Small ghost-unit circuits, for tests."""

from functools import partial
from itertools import pairwise

import equinox as eqx
import jax
import numpy as np

from apical.rules.ghost import fast
from apical.rules.ghost.circuit import Plasticity, Potentials, Weights, at_rest, euler, feel
from apical.rules.integrate import integrate

SIZES = (6, 5, 4, 4, 3, 3)
"""Inputs, then the units of up to five layers."""

felt = eqx.filter_jit(feel)
resting = eqx.filter_jit(at_rest)
run = eqx.filter_jit(fast.run)
"""What the circuit offers, each as one program."""


def still(layers):
    return Plasticity((0.0,) * layers, 0.0, 0.0)


def transposed(main):
    return tuple(W.T for W in main[1:])


def circuit(hidden, seed=0, perfect=True, ghosts=None, spread=1.0, examples=2):
    """Weights and a batch of up to two; `ghosts` in each layer, or one for every unit above."""
    draw = np.random.default_rng(seed)
    sizes = (*SIZES[: hidden + 1], 3)
    drawn = [draw.normal(0, spread, (above, below)) for below, above in pairwise(sizes)]
    main = tuple(map(jax.device_put, drawn))
    if perfect:
        weights = Weights(main, main[1:], tuple(jax.device_put(W.T) for W in drawn[1:]))
    else:
        shapes = [(ghosts or above.shape[0], above.shape[1]) for above in main[1:]]
        P = tuple(jax.device_put(draw.normal(0, 1, shape)) for shape in shapes)
        G = tuple(jax.device_put(draw.normal(0, 1, shape[::-1])) for shape in shapes)
        weights = Weights(main, P, G)
    x = jax.device_put(draw.random((2, sizes[0]))[:examples])
    y = jax.device_put(np.eye(3)[[0, 2][:examples]])
    return weights, x, y


@eqx.filter_jit
def settle(
    weights, phase, plasticity=None, steps=600, start=None, rate=0.5
) -> tuple[Potentials, Weights]:
    step = partial(euler, phase=phase, plasticity=plasticity or still(len(weights.main)), rate=rate)
    start = at_rest(phase.x, weights) if start is None else start
    return integrate(lambda s: step(*s), (start, weights), steps)


@jax.jit
def feedforward(main, x):
    a = [x @ main[0].T]
    for W in main[1:]:
        a.append(jax.nn.sigmoid(a[-1]) @ W.T)
    return a
