"""Projected gradient ascent in the largest-coordinate norm."""

import jax
import jax.numpy as jnp

from apical.adversarial.attack import GradientAttack
from apical.adversarial.box import project
from apical.errors import UsageError


class PGD(GradientAttack):
    """u <- project(u + size eps sign(grad)), `steps` times; the highest point on the way.

    Source: Madry et al. 2018.
    """

    steps: int = 20
    size: float = 0.125
    """Length of a step, in parts of eps."""
    random_start: bool = True
    """Begin anywhere within eps, not at the clean input."""

    def __check_init__(self):
        if not (self.steps > 0 and self.size > 0):
            raise UsageError(
                f"pgd: steps and size must be positive, got {self.steps} and {self.size:g}; "
                "try pgd:20,0.125"
            )

    @property
    def iterates(self):
        return self.steps > 1

    def propose(self, rise, u, eps, key):
        slope = jax.grad(lambda v: jnp.sum(rise(v)))
        start = u
        if self.random_start:
            start = project(u + eps * jax.random.uniform(key, u.shape, u.dtype, -1, 1), u, eps)

        def step(carry, _):
            now, best, height = carry
            now = project(now + self.size * eps * jnp.sign(slope(now)), u, eps)
            reached = rise(now)
            higher = reached > height
            rows = higher.reshape(-1, *(1,) * (u.ndim - 1))
            return (now, jnp.where(rows, now, best), jnp.where(higher, reached, height)), None

        begin = (start, start, jnp.full(u.shape[0], -jnp.inf, u.dtype))
        (_, best, _), _ = jax.lax.scan(step, begin, length=self.steps)
        return best
