"""A phase of `circuit.euler` steps from cheaper products: the same numbers, to rounding.

- The input drive W_1 x is formed once. Where W_1 itself learns, x enters only through the Gram
  matrix K = x x^T: a change eta d^T x of W_1 moves the drive by eta K d, and the sum of all d
  makes the change of W_1 at the end.
- Pyramidal units and ghosts above a layer share one product, [W_{k+1}; P_k] r_k, and so do, in a
  batch, those that feed back to it, [F_k, -G_k] [r_{k+1}; s_k].
- One example alone is a vector, not a batch of one; rho(u) = (1 + tanh(u / 2)) / 2.
"""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.rules.ghost.circuit import Matrices, Phase, Plasticity, Potentials, Weights, euler
from apical.rules.ghost.stepping import Euler, Stepping
from apical.rules.integrate import integrate

Signal = Float[Array, "*batch _"]

STEEPEST = 0.25
"""The largest slope of rho."""


class Loop(NamedTuple):
    """What goes from one step to the next."""

    u: tuple[Signal, ...]
    v: tuple[Signal, ...]
    drive: Signal
    """W_1 x."""
    taught: Signal
    """The sum of rho(u_1) - rho(W_1 x) over the steps so far."""
    above: Matrices
    """W_2 .. W_N."""
    to_ghosts: Matrices
    back: Matrices
    """G_k^T."""


def run(
    potentials: Potentials,
    weights: Weights,
    phase: Phase,
    plasticity: Plasticity,
    rate: float,
    steps: int,
    stepping: Stepping = Euler(),
) -> tuple[Potentials, Weights]:
    """The circuit after `steps` Euler steps, as many calls of `circuit.euler` give it.

    Clipped changes of main weights take the plain loop: they do not go through the Gram matrix.

    **Arguments:**

    - `potentials`, `weights`: the circuit at the beginning, with (batch, units) and (to, from).
    - `phase`, `plasticity`: what stays fixed meanwhile, and which weights learn.
    - `rate`: dt / tau.
    - `stepping`: `Strides` takes longer steps in place of the Euler steps; not with a clip.

    **Raises:** `UsageError` if the phase is not made of whole strides.
    """
    if any(plasticity.main) and math.isfinite(plasticity.clip):
        assert stepping.length == 1, "a clip bounds Euler steps"
        plain = partial(euler, phase=phase, plasticity=plasticity, rate=rate)
        return integrate(lambda s: plain(*s), (potentials, weights), steps)

    eta_first, *eta_above = (stepping.length * eta for eta in plasticity.main)
    eta_to, eta_from = (
        stepping.length * eta for eta in (plasticity.to_ghosts, plasticity.from_ghosts)
    )
    alone = len(phase.x) == 1
    first = weights.main[0]
    x, y, potentials, drive = jax.tree.map(
        lambda a: a[0] if alone else a, (phase.x, phase.y, potentials, phase.x @ first.T)
    )
    gram = x @ x.T
    sizes = [len(W) for W in weights.main[1:]]
    changing = any(eta_above) or eta_to
    unchanging = joined(weights.main[1:], weights.to_ghosts)

    def step(s: Loop) -> Loop:
        r, ghosts = tuple(map(rho, s.u)), tuple(map(rho, s.v))
        joint = joined(s.above, s.to_ghosts) if changing else unchanging
        up = [r_k @ J.T for r_k, J in zip(r, joint, strict=False)]
        bottom_up = (s.drive, *(a[..., :n] for a, n in zip(up, sizes, strict=True)))
        imitated = tuple(a[..., n:] for a, n in zip(up, sizes, strict=True))
        feedback = phase.feedback((first, *s.above))
        errors = tuple(
            cancelled(r_above, F.T, s_k, G)
            for r_above, F, s_k, G in zip(r[1:], feedback, ghosts, s.back, strict=True)
        )

        drive, taught, above, to_ghosts, back = s[2:]
        if eta_first:
            d = stepping.taught(r[0] - rho(drive), x, STEEPEST * eta_first)
            drive, taught = drive + eta_first * (gram * d if alone else gram @ d), taught + d
        if any(eta_above):
            above = tuple(
                W + eta * paired(stepping.taught(target - rho(a), r_k, STEEPEST * eta), r_k)
                for W, eta, target, a, r_k in zip(
                    above, eta_above, r[1:], bottom_up[1:], r[:-1], strict=True
                )
            )
        if eta_to:
            to_ghosts = tuple(
                P + eta_to * paired(stepping.taught(u - v, r_k, eta_to), r_k)
                for P, u, v, r_k in zip(to_ghosts, s.u[1:], s.v, r[:-1], strict=True)
            )
        if eta_from:
            back = tuple(
                G + eta_from * paired(s_k, stepping.taught(e, s_k, eta_from))
                for G, s_k, e in zip(back, ghosts, errors, strict=True)
            )
        errors = (*errors, phase.beta * (y - r[-1]))
        stiffness: tuple[Signal | float, ...] = (1.0,) * len(sizes)
        stiffness += (1 + phase.beta * r[-1] * (1 - r[-1]),)
        return Loop(
            tuple(
                stepping.moved(u, -u + a + e, stiff, rate)
                for u, a, e, stiff in zip(s.u, bottom_up, errors, stiffness, strict=True)
            ),
            tuple(stepping.moved(v, -v + a, 1.0, rate) for v, a in zip(s.v, imitated, strict=True)),
            drive,
            taught,
            above,
            to_ghosts,
            back,
        )

    begin = Loop(
        potentials.u,
        potentials.v,
        drive,
        jnp.zeros_like(drive),
        weights.main[1:],
        weights.to_ghosts,
        tuple(G.T for G in weights.from_ghosts),
    )
    end = integrate(step, begin, stepping.steps(steps))
    if eta_first:
        first = first + eta_first * paired(end.taught, x)
    u, v = jax.tree.map(lambda a: a[None] if alone else a, (end.u, end.v))
    from_ghosts = tuple(G.T for G in end.back)
    return Potentials(u, v), Weights((first, *end.above), end.to_ghosts, from_ghosts)


def joined(above: Matrices, to_ghosts: Matrices) -> Matrices:
    """[W_{k+1}; P_k] of each hidden layer."""
    return tuple(jnp.concatenate(pair) for pair in zip(above, to_ghosts, strict=True))


def cancelled(
    above: Signal, F: Float[Array, "_ _"], ghosts: Signal, G: Float[Array, "_ _"]
) -> Signal:
    """r F - s G."""
    if above.ndim == 1:
        return above @ F - ghosts @ G
    return jnp.concatenate([above, ghosts], axis=-1) @ jnp.concatenate([F, -G])


def paired(a: Signal, b: Signal) -> Float[Array, "_ _"]:
    """a^T b, summed over the batch if there is one."""
    return jnp.outer(a, b) if a.ndim == 1 else a.T @ b


def rho(u: Signal) -> Signal:
    """The logistic function; twice as fast as XLA's own on CPU."""
    return 0.5 + 0.5 * jnp.tanh(0.5 * u)
