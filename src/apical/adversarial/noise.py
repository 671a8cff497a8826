"""The control that knows nothing of the network."""

import jax
import jax.numpy as jnp

from apical.adversarial.attack import Attack


class Noise(Attack):
    """u + eps or u - eps in each coordinate, by a fair coin; any attack worth the name does more.

    Source of the control: Carlini et al. 2019.
    """

    def propose(self, rise, u, eps, key):
        coin = jax.random.bernoulli(key, shape=u.shape)
        return u + eps * jnp.where(coin, 1.0, -1.0).astype(u.dtype)
