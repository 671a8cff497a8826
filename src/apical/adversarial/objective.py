"""What an attack tries to raise, for each example."""

from abc import abstractmethod

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from apical.networks.network import Network, Record
from apical.networks.targets import encode
from apical.values.value import Value


class Objective(Value):
    """Higher where the network is further from the right label."""

    @abstractmethod
    def __call__(
        self, net: Network, record: Record, labels: Int[Array, " batch"]
    ) -> Float[Array, " batch"]: ...


class OwnLoss(Objective):
    """The loss the network is evaluated by, which FGSM and PGD were published with."""

    def __call__(self, net, record, labels):
        return net.losses(record, encode(labels, net.units))


class Margin(Objective):
    """max over wrong classes of a_c, less a_y: the preactivations' margin, which never saturates.

    With a single output unit a, the margin is -a for label 1 and a for label 0.
    """

    def __call__(self, net, record, labels):
        a = record.preactivations[-1]
        if net.units == 1:
            return a[:, 0] * (1 - 2 * labels)
        right = jax.nn.one_hot(labels, net.units, dtype=bool)
        wrong = jnp.max(jnp.where(right, -jnp.inf, a), axis=-1)
        return wrong - jnp.max(jnp.where(right, a, -jnp.inf), axis=-1)
