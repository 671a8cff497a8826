"""The attacks: the fast gradient sign method, projected gradient ascent, and noise as a control."""

import jax
import jax.numpy as jnp

from apical.adversarial.attack import Attack, GradientAttack
from apical.adversarial.threat_model import project
from apical.errors import UsageError


class PGD(GradientAttack):
    """u <- project(u + size eps sign(grad)), `steps` times.

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

    def propose(self, objective, u, eps, key):
        slope = jax.grad(lambda v: jnp.sum(objective(v)))
        start = u
        if self.random_start:
            start = project(u + eps * jax.random.uniform(key, u.shape, u.dtype, -1, 1), u, eps)

        def step(now, _):
            return project(now + self.size * eps * jnp.sign(slope(now)), u, eps), None

        return jax.lax.scan(step, start, length=self.steps)[0]


class FGSM(GradientAttack):
    """u + eps sign(grad): one whole step of projected gradient ascent from the clean input.

    Source: Goodfellow, Shlens & Szegedy 2015.
    """

    @property
    def iterates(self):
        return False

    def propose(self, objective, u, eps, key):
        return PGD(steps=1, size=1.0, random_start=False).propose(objective, u, eps, key)


class Noise(Attack):
    """u + eps or u - eps in each coordinate, by a fair coin; any attack worth the name does more.

    Source of the control: Carlini et al. 2019.
    """

    def propose(self, objective, u, eps, key):
        coin = jax.random.bernoulli(key, shape=u.shape)
        return u + eps * jnp.where(coin, 1.0, -1.0).astype(u.dtype)
