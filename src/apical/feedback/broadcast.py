"""Where the feedback weights from the output to every layer are between two steps."""

import math
from abc import abstractmethod

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.errors import UsageError
from apical.networks.activations import identity
from apical.networks.initialisers import Initialiser, Orthogonal
from apical.networks.layers import Dense, Layer
from apical.networks.network import Network
from apical.values.value import Value

Signal = Float[Array, "batch ..."]


class Broadcast(Value):
    """B_l, drawn once, leads from the output to hidden layer l; it never changes."""

    @abstractmethod
    def init(self, net: Network, law: Initialiser, key: PRNGKeyArray) -> PyTree:
        """What is kept from step to step."""

    @abstractmethod
    def lead(
        self, net: Network, law: Initialiser, kept: PyTree, error: Float[Array, "batch units"]
    ) -> tuple[Signal, ...]:
        """B_l error for each hidden layer."""

    @abstractmethod
    def layers(self, net: Network, law: Initialiser, kept: PyTree) -> tuple[Dense, ...]:
        """B_l of each hidden layer as a whole, for diagnostics; `pull` leads the error to it."""


class Stored(Broadcast):
    """In memory."""

    def init(self, net, law, key):
        hidden = net.layers[:-1]
        return tuple(
            Dense.create(layer.out_shape, net.units, identity, key=k, init=law, bias=False)
            for layer, k in zip(hidden, jax.random.split(key, len(hidden)), strict=True)
        )

    def lead(self, net, law, kept, error):
        return tuple(back.pull(error) for back in kept)

    def layers(self, net, law, kept):
        return kept


class Regenerated(Broadcast):
    """Drawn again at every step from a seed, an output unit's weights at a time.

    Time instead of memory: nothing but the seed lies between two steps, and a step needs room
    for as many weights as a layer has units. The weights have the law of the stored ones, not
    their values; laws that cannot be drawn unit by unit are a `UsageError`.
    """

    def init(self, net, law, key):
        if isinstance(law, Orthogonal):
            raise UsageError(
                "law: orthogonal weights cannot be drawn a unit at a time; use glorot, or "
                "--broadcast stored"
            )
        return jax.random.key_data(key)

    def lead(self, net, law, kept, error):
        def led(layer: Layer, key: PRNGKeyArray) -> Signal:
            def add(total, unit):
                return total + error[:, unit, None] * _weights(net, layer, law, key, unit), None

            nothing = jnp.zeros((error.shape[0], math.prod(layer.out_shape)), error.dtype)
            total, _ = jax.lax.scan(add, nothing, jnp.arange(net.units))
            return total.reshape(-1, *layer.out_shape)

        return tuple(led(*each) for each in _hidden(net, kept))

    def layers(self, net, law, kept):
        def whole(layer: Layer, key: PRNGKeyArray) -> Dense:
            draw = jax.vmap(lambda unit: _weights(net, layer, law, key, unit))
            return Dense(draw(jnp.arange(net.units)), None, layer.out_shape, identity)

        return tuple(whole(*each) for each in _hidden(net, kept))


def _hidden(net: Network, kept: Array) -> list[tuple[Layer, PRNGKeyArray]]:
    """The hidden layers, each with the seed of its weights."""
    layers = net.layers[:-1]
    keys = jax.random.split(jax.random.wrap_key_data(kept), len(layers))
    return list(zip(layers, keys, strict=True))


def _weights(
    net: Network, layer: Layer, law: Initialiser, key: PRNGKeyArray, unit: Array
) -> Float[Array, " layer_units"]:
    """The weights from one output unit to a layer."""
    size = math.prod(layer.out_shape)
    return law.draw(jax.random.fold_in(key, unit), (size,), size, net.units)
