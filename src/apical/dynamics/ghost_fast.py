"""The fast twin of a phase of `ghost.euler` steps: the same numbers from cheaper products.

- The input drive W_1 x is formed once. Where W_1 itself learns, x enters only through the Gram
  matrix K = x x^T: a change eta d^T x of W_1 moves the drive by eta K d, and the sum of all d
  makes the change of W_1 at the end.
- Pyramidal and ghost rates share one product upwards, [W_{k+1}; P_k] r_k, and one downwards,
  [F_k, -G_k] [r_{k+1}; s_k].
"""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.nn import sigmoid as rho

from apical.dynamics.ghost import Matrices, Phase, Plasticity, Potentials, Rates, Weights, euler
from apical.dynamics.integrate import integrate


class Loop(NamedTuple):
    """What goes from one step to the next."""

    u: tuple[Rates, ...]
    v: tuple[Rates, ...]
    drive: Rates
    """W_1 x."""
    taught: Rates
    """The sum of rho(u_1) - rho(W_1 x) over the steps so far."""
    above: Matrices
    """W_2 .. W_N."""
    to_ghosts: Matrices
    from_ghosts: Matrices


def run(
    potentials: Potentials,
    weights: Weights,
    phase: Phase,
    plasticity: Plasticity,
    rate: float,
    steps: int,
) -> tuple[Potentials, Weights]:
    """`steps` Euler steps, equal to as many calls of `ghost.euler`.

    Clipped changes of W_1 do not go through the Gram matrix; they take the plain loop.
    """
    eta_first, *eta_above = plasticity.main
    if eta_first and math.isfinite(plasticity.clip):
        plain = partial(euler, phase=phase, plasticity=plasticity, rate=rate)
        return integrate(lambda s: plain(*s), (potentials, weights), steps)
    x, first = phase.x, weights.main[0]
    drive = x @ first.T
    gram = x @ x.T if eta_first else None

    def step(_, s: Loop) -> Loop:
        r = tuple(rho(u) for u in s.u)
        ghosts = tuple(rho(v) for v in s.v)
        feedback = phase.feedback((first, *s.above))
        bottom_up, imitation, errors = [s.drive], [], []
        for k, (W, P, F, G) in enumerate(
            zip(s.above, s.to_ghosts, feedback, s.from_ghosts, strict=True)
        ):
            both = r[k] @ jnp.concatenate([W, P]).T
            bottom_up.append(both[:, : len(W)])
            imitation.append(both[:, len(W) :])
            down = jnp.concatenate([F, -G], axis=1)
            errors.append(jnp.concatenate([r[k + 1], ghosts[k]], axis=1) @ down.T)
        errors.append(phase.beta * (phase.y - r[-1]))

        drive, taught, above = s.drive, s.taught, s.above
        to_ghosts, from_ghosts = s.to_ghosts, s.from_ghosts
        if eta_first:
            d = r[0] - rho(s.drive)
            drive, taught = drive + eta_first * (gram @ d), taught + d
        if any(eta_above):
            above = tuple(
                W + eta * ((r[k + 1] - rho(bottom_up[k + 1])).T @ r[k])
                for k, (W, eta) in enumerate(zip(above, eta_above, strict=True))
            )
        if plasticity.to_ghosts:
            to_ghosts = tuple(
                P + plasticity.to_ghosts * ((s.u[k + 1] - s.v[k]).T @ r[k])
                for k, P in enumerate(to_ghosts)
            )
        if plasticity.from_ghosts:
            from_ghosts = tuple(
                G + plasticity.from_ghosts * (errors[k].T @ ghosts[k])
                for k, G in enumerate(from_ghosts)
            )
        u = tuple(u + rate * (-u + a + e) for u, a, e in zip(s.u, bottom_up, errors, strict=True))
        v = tuple(v + rate * (-v + a) for v, a in zip(s.v, imitation, strict=True))
        return Loop(u, v, drive, taught, above, to_ghosts, from_ghosts)

    begin = Loop(
        potentials.u,
        potentials.v,
        drive,
        jnp.zeros_like(drive),
        weights.main[1:],
        weights.to_ghosts,
        weights.from_ghosts,
    )
    end = jax.lax.fori_loop(0, steps, step, begin)
    taught_first = first + eta_first * (end.taught.T @ x) if eta_first else first
    return (
        Potentials(end.u, end.v),
        Weights((taught_first, *end.above), end.to_ghosts, end.from_ghosts),
    )
