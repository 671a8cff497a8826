"""How the time of a phase is walked through: in Euler steps, or in strides to the steady state."""

from abc import abstractmethod

import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.errors import UsageError
from apical.values.value import Value

Signal = Float[Array, "*batch _"]


class Stepping(Value):
    """Turns a phase's Euler steps into the steps that are taken."""

    @property
    @abstractmethod
    def length(self) -> int:
        """How many Euler steps one step stands for."""

    def steps(self, asked: int) -> int:
        """How many steps stand for so many Euler steps. Raises `UsageError` if no whole number."""
        if asked % self.length:
            raise UsageError(
                f"strides: a phase of {asked} Euler steps is not made of strides of {self.length}; "
                "choose a length that divides free_steps and clamped_steps"
            )
        return asked // self.length

    @abstractmethod
    def moved(self, u: Signal, drift: Signal, stiffness: Signal | float, rate: float) -> Signal:
        """u after a step along `drift`, whose derivative to u is -`stiffness`."""

    @abstractmethod
    def taught(self, d: Signal, r: Signal, eta: float) -> Signal:
        """The part of the mismatch d that a change eta d^T r of the weights from r learns."""


class Euler(Stepping):
    """Every Euler step, as the equations have it."""

    @property
    def length(self):
        return 1

    def moved(self, u, drift, stiffness, rate):
        return u + rate * drift

    def taught(self, d, r, eta):
        return d


class Strides(Stepping):
    """Strides of `length` Euler steps: potentials rest where Euler's do, and go there another way.

    Potentials take linearly implicit steps, u += h f / (1 + h s) with s the drift's own stiffness.
    A change eta d^T r of weights moves their outputs by eta r r^T d: along r r^T's leading
    direction q, found by one power iteration, of eigenvalue l, the step is implicit too,
    d - q q^T d eta l / (1 + eta l), or long strides would overshoot. One iteration finds q because
    rates and inputs are positive: inputs must not be centred. Weights that learn through a phase
    end near where Euler steps leave them, not at the same place.
    """

    length: int = 10

    def __check_init__(self):
        if not self.length > 1:
            raise UsageError(f"strides: length must be above 1, got {self.length}; try strides:10")

    def moved(self, u, drift, stiffness, rate):
        h = self.length * rate
        return u + h * drift / (1 + h * stiffness)

    def taught(self, d, r, eta):
        if d.ndim == 1:
            return d / (1 + eta * jnp.vdot(r, r))
        towards = r @ jnp.sum(r, axis=0)
        q = towards / jnp.maximum(jnp.linalg.norm(towards), jnp.finfo(r.dtype).tiny)
        gain = eta * jnp.sum((q @ r) ** 2)
        return d - jnp.outer(q, q @ d) * gain / (1 + gain)
