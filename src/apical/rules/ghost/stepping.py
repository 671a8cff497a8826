"""Steps through a phase's time: Euler's, or strides to the steady state."""

from abc import abstractmethod

import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.errors import UsageError
from apical.values.value import Value

Signal = Float[Array, "*batch _"]


class Stepping(Value):
    """The steps that a phase is walked through in."""

    @property
    @abstractmethod
    def length(self) -> int:
        """How many Euler steps one step stands for."""

    def steps(self, asked: int) -> int:
        """How many steps stand for `asked` Euler steps.

        Raises `UsageError` unless it is a whole number.
        """
        if asked % self.length:
            raise UsageError(
                f"strides: a phase of {asked} Euler steps is not made of strides of {self.length}; "
                "choose a length that divides free_steps and clamped_steps"
            )
        return asked // self.length

    @abstractmethod
    def moved(self, u: Signal, drift: Signal, stiffness: Signal | float, rate: float) -> Signal:
        """u after a step along `drift`, whose derivative with respect to u is -`stiffness`.

        `rate` is that of one Euler step, dt / tau.
        """

    @abstractmethod
    def taught(self, d: Signal, r: Signal, eta: float) -> Signal:
        """The part of the mismatch d that a step of the weights from r learns, at rate eta.

        The step is eta d^T r for what is returned; d is (batch, units) and r (batch, inputs), or
        both are vectors of one example.
        """


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

    Potentials take linearly implicit steps, u += h f / (1 + h s), where s is the drift's own
    stiffness.

    A change eta d^T r of weights moves their outputs by eta r r^T d. Along the leading direction q
    of r r^T, with eigenvalue l, long strides would overshoot. There the step is implicit too:
    d - q q^T d eta l / (1 + eta l). One power iteration finds q because rates and inputs are
    positive; inputs must therefore not be centred. Weights that learn through a phase end near
    where Euler steps leave them, not at the same place.
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
