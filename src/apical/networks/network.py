"""A network is its layers and the loss it is trained on; a forward pass leaves a `Record`."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.errors import UsageError
from apical.networks.layers import Layer
from apical.networks.layers.transmitted import drawn, transmission
from apical.networks.losses import Loss
from apical.values.spelling import spell

DRAWN = 0xD3A3


class Record(eqx.Module):
    """What a forward pass leaves behind.

    `activities[0]` is the input x and `activities[l + 1]` the activity of
    `layers[l]`; `preactivations[l]` is that layer's a. Each is (batch, *shape).
    """

    activities: tuple[Float[Array, "batch ..."], ...]
    preactivations: tuple[Float[Array, "batch ..."], ...]

    @property
    def output(self) -> Float[Array, "batch units"]:
        return self.activities[-1]


class Network(eqx.Module):
    """h_0 = x, a_l = W_l h_{l-1} + b_l, h_l = sigma_l(a_l), and a loss on the last of them.

    Raises `UsageError` if neighbouring shapes differ or the loss does not go
    with the output activation.
    """

    layers: tuple[Layer, ...]
    loss: Loss = eqx.field(static=True)

    def __check_init__(self):
        for below, above in zip(self.layers, self.layers[1:], strict=False):
            if below.out_shape != above.in_shape:
                raise UsageError(
                    f"network: a layer that gives {below.out_shape} is followed by one "
                    f"that takes {above.in_shape}; make the shapes equal"
                )
        output = self.layers[-1].activation
        if not self.loss.accepts(output):
            raise UsageError(
                f"loss: {spell(self.loss)} cannot be read off a {spell(output)} output; use output "
                f"{spell(self.loss.link)}, or another loss"
            )

    @property
    def units(self) -> int:
        """The number of output units."""
        return self.layers[-1].out_shape[0]

    @property
    def random(self) -> bool:
        """Whether units send samples, so that every forward pass is another."""
        return any(transmission(layer).random for layer in self.layers)

    def drawn(self, key: PRNGKeyArray) -> "Network":
        """One outcome of what is random: a network that gives the same at every call.

        Undrawn, units that send samples send their means.
        """
        if not self.random:
            return self
        # A stream of its own: a rule splits the same key.
        keys = jax.random.split(jax.random.fold_in(key, DRAWN), len(self.layers))
        layers = tuple(drawn(layer, k) for layer, k in zip(self.layers, keys, strict=True))
        return eqx.tree_at(lambda net: net.layers, self, layers)

    def record(self, x: Float[Array, "batch ..."]) -> Record:
        """The forward pass on a batch."""
        activities, preactivations = [x], []
        for layer in self.layers:
            preactivations.append(layer.preactivation(activities[-1]))
            activities.append(layer.activation(preactivations[-1]))
        return Record(tuple(activities), tuple(preactivations))

    def __call__(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch units"]:
        """The output activity on a batch."""
        return self.record(x).output

    def losses(self, record: Record, y: Float[Array, "batch units"]) -> Float[Array, " batch"]:
        """The loss of each example."""
        return self.loss(record.preactivations[-1], y, self.layers[-1].activation)

    def error(self, record: Record, y: Float[Array, "batch units"]) -> Float[Array, "batch units"]:
        """delta_L = dL/da_L of each example: the teaching signal of the output layer."""
        activation = self.layers[-1].activation
        return jax.grad(lambda a: jnp.sum(self.loss(a, y, activation)))(record.preactivations[-1])

    def gradients(
        self, record: Record, signals: tuple[Float[Array, "batch ..."], ...]
    ) -> "Network":
        """Each layer's `gradient` under its teaching signal, as a network (undrawn)."""
        layers = tuple(
            layer.gradient(h, delta)
            for layer, h, delta in zip(self.layers, record.activities, signals, strict=False)
        )
        return eqx.tree_at(lambda net: net.layers, self, layers)
