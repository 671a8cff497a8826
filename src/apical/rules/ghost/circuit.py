"""Ghost-unit circuits: pyramidal units, the ghosts that cancel their feedback, one Euler step.

Tuples run over layers from the input up. `u[k]` and `main[k]` belong to the paper's layer k + 1,
of N layers; tuples of what only hidden layers have are one shorter. Weights are (to, from), rates
and potentials (batch, units).

Source: Mesnard, Vignoud, Sacramento, Senn & Bengio 2019, equations (2) to (6) and (15).
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jax.nn import sigmoid as rho
from jaxtyping import Array, Float

Rates = Float[Array, "batch _"]
Matrix = Float[Array, "_ _"]
Matrices = tuple[Matrix, ...]


class Potentials(eqx.Module):
    """Membrane potentials of the pyramidal units (u) and of the ghosts of hidden layers (v)."""

    u: tuple[Rates, ...]
    v: tuple[Rates, ...]


class Weights(eqx.Module):
    """The weights that may learn: main W, pyramidal-to-ghost P, ghost-to-pyramidal G."""

    main: Matrices
    to_ghosts: Matrices
    from_ghosts: Matrices


class Phase(eqx.Module):
    """What stays fixed while a phase lasts. beta = 0 is the free phase."""

    x: Rates
    y: Rates
    beta: float = eqx.field(static=True)
    feedback: Callable[[Matrices], Matrices] = eqx.field(static=True)
    """F_1 .. F_{N-1} from the main weights of the moment."""


class Moment(eqx.Module):
    """What reaches the units at one moment."""

    below: tuple[Rates, ...]
    """r_{k-1}: the rates that layer k reads."""
    bottom_up: tuple[Rates, ...]
    """W_k r_{k-1}."""
    ghosts: tuple[Rates, ...]
    """s_k = rho(v_k)."""
    errors: tuple[Rates, ...]
    """e_k = F_k r_{k+1} - G_k s_k in hidden layers, e_N = beta (y - r_N) at the output."""


class Plasticity(eqx.Module):
    """How fast each kind of weight changes within a phase, per Euler step; 0: not at all."""

    main: tuple[float, ...] = eqx.field(static=True)
    to_ghosts: float = eqx.field(static=True)
    from_ghosts: float = eqx.field(static=True)
    clip: float = eqx.field(static=True, default=math.inf)
    """Bound on the size of every element of a main weight's change, before its rate."""


def feel(potentials: Potentials, weights: Weights, phase: Phase) -> Moment:
    """What reaches every unit, from potentials, weights and the phase's clamps."""
    rates = tuple(rho(u) for u in potentials.u)
    ghosts = tuple(rho(v) for v in potentials.v)
    below = (phase.x, *rates[:-1])
    hidden = tuple(
        above @ F.T - s @ G.T
        for above, F, s, G in zip(
            rates[1:], phase.feedback(weights.main), ghosts, weights.from_ghosts, strict=True
        )
    )
    return Moment(
        below,
        tuple(r @ W.T for r, W in zip(below, weights.main, strict=True)),
        ghosts,
        (*hidden, phase.beta * (phase.y - rates[-1])),
    )


def move(potentials: Potentials, weights: Weights, moment: Moment, rate: float) -> Potentials:
    """One Euler step of rate dt / tau.

    tau du_k/dt = -u_k + W_k r_{k-1} + e_k;  tau dv_k/dt = -v_k + P_k r_k.
    """
    u = tuple(
        u + rate * (-u + a + e)
        for u, a, e in zip(potentials.u, moment.bottom_up, moment.errors, strict=True)
    )
    v = tuple(
        v + rate * (-v + r @ P.T)
        for v, r, P in zip(potentials.v, moment.below[1:], weights.to_ghosts, strict=True)
    )
    return Potentials(u, v)


def mismatch(potentials: Potentials, moment: Moment) -> tuple[Rates, ...]:
    """rho(u_k) - rho(W_k r_{k-1}) of every layer: target less actual rate."""
    return tuple(rho(u) - rho(a) for u, a in zip(potentials.u, moment.bottom_up, strict=True))


def main_change(potentials: Potentials, moment: Moment) -> Matrices:
    """[rho(u_k) - rho(W_k r_{k-1})] r_{k-1}^T, summed over the batch: equation (6)."""
    pairs = zip(mismatch(potentials, moment), moment.below, strict=True)
    return tuple(d.T @ r for d, r in pairs)


def to_ghosts_change(potentials: Potentials, moment: Moment) -> Matrices:
    """(u_{k+1} - v_k) r_k^T, summed over the batch: ghosts imitate the units above (equation 4)."""
    return tuple(
        (u - v).T @ r
        for u, v, r in zip(potentials.u[1:], potentials.v, moment.below[1:], strict=True)
    )


def from_ghosts_change(moment: Moment) -> Matrices:
    """e_k s_k^T, summed over the batch: ghosts cancel the feedback (equations 5 and 15)."""
    return tuple(e.T @ s for e, s in zip(moment.errors[:-1], moment.ghosts, strict=True))


def euler(
    potentials: Potentials, weights: Weights, phase: Phase, plasticity: Plasticity, rate: float
) -> tuple[Potentials, Weights]:
    """One Euler step of potentials and weights, both from the same moment."""
    moment = feel(potentials, weights, phase)
    main, to_ghosts, from_ghosts = weights.main, weights.to_ghosts, weights.from_ghosts
    if any(plasticity.main):
        main = tuple(
            W + eta * clipped(change, plasticity.clip)
            for W, eta, change in zip(
                main, plasticity.main, main_change(potentials, moment), strict=True
            )
        )
    if plasticity.to_ghosts:
        changes = to_ghosts_change(potentials, moment)
        to_ghosts = add(to_ghosts, plasticity.to_ghosts, changes)
    if plasticity.from_ghosts:
        from_ghosts = add(from_ghosts, plasticity.from_ghosts, from_ghosts_change(moment))
    return move(potentials, weights, moment, rate), Weights(main, to_ghosts, from_ghosts)


def add(weights: Matrices, rate: float, changes: Matrices) -> Matrices:
    """Weights after a change at one rate."""
    return tuple(W + rate * change for W, change in zip(weights, changes, strict=True))


def clipped(change: Matrix, bound: float) -> Matrix:
    """Every element brought within the bound."""
    return jnp.clip(change, -bound, bound) if math.isfinite(bound) else change


def at_rest(x: Rates, weights: Weights) -> Potentials:
    """The state in which an example begins: the first layer at W_1 x, all other units at zero."""
    batch = x.shape[0]
    first, *above = weights.main
    return Potentials(
        (x @ first.T, *(jnp.zeros((batch, W.shape[0]), x.dtype) for W in above)),
        tuple(jnp.zeros((batch, P.shape[0]), x.dtype) for P in weights.to_ghosts),
    )
