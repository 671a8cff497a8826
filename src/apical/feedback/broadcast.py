"""The feedback weights of DFA, stored or drawn again at every step."""

import math
from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PRNGKeyArray, PyTree, UInt32

from apical.errors import UsageError
from apical.networks.activations import identity
from apical.networks.initialisers import Initialiser, Orthogonal
from apical.networks.layers import Dense
from apical.networks.network import Network
from apical.values.value import Value

Signal = Float[Array, "batch ..."]


class Broadcast(Value):
    """Whether DFA stores its feedback weights, or draws them again at every step.

    B_l leads from the output to hidden layer l. It is drawn once and never changes.
    """

    @abstractmethod
    def init(self, net: Network, law: Initialiser, key: PRNGKeyArray) -> PyTree:
        """What is kept from step to step: all that the weights' values depend on.

        Raises `UsageError` for a law by which these weights cannot be drawn.
        """

    @abstractmethod
    def lead(self, kept: PyTree, error: Float[Array, "batch units"]) -> tuple[Signal, ...]:
        """B_l error for each hidden layer, (batch, *out_shape)."""

    @abstractmethod
    def layers(self, kept: PyTree) -> tuple[Dense, ...]:
        """B_l of each hidden layer, for diagnostics. `pull` leads the error through it."""


class Stored(Broadcast):
    """The weights are stored."""

    def init(self, net: Network, law: Initialiser, key: PRNGKeyArray) -> tuple[Dense, ...]:
        hidden = net.layers[:-1]
        return tuple(
            Dense.create(layer.out_shape, net.units, identity, key=k, init=law, bias=False)
            for layer, k in zip(hidden, jax.random.split(key, len(hidden)), strict=True)
        )

    def lead(
        self, kept: tuple[Dense, ...], error: Float[Array, "batch units"]
    ) -> tuple[Signal, ...]:
        return tuple(back.pull(error) for back in kept)

    def layers(self, kept: tuple[Dense, ...]) -> tuple[Dense, ...]:
        return kept


class Seed(eqx.Module):
    """What regenerated weights are drawn from."""

    key: UInt32[Array, "..."]
    """The data of a random key: checkpoints hold plain arrays."""
    law: Initialiser = eqx.field(static=True)
    shapes: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    """`out_shape` of each hidden layer."""
    units: int = eqx.field(static=True)
    """The number of output units."""

    def keys(self) -> Key[Array, " layers"]:
        """One for each hidden layer."""
        return jax.random.split(jax.random.wrap_key_data(self.key), len(self.shapes))

    def weights(
        self, shape: tuple[int, ...], key: PRNGKeyArray, unit: Array
    ) -> Float[Array, " layer_units"]:
        """The weights from one output unit to a layer of this shape."""
        size = math.prod(shape)
        return self.law.draw(jax.random.fold_in(key, unit), (size,), size, self.units)


class Regenerated(Broadcast):
    """The weights are drawn again at every step from a seed, one output unit's at a time.

    This takes time instead of memory. Only the seed is kept, and a step needs room for as many
    weights as a layer has units. The weights have the law of the stored ones, not their values. A
    law that cannot be drawn unit by unit is a `UsageError`.
    """

    def init(self, net: Network, law: Initialiser, key: PRNGKeyArray) -> Seed:
        if isinstance(law, Orthogonal):
            raise UsageError(
                "law: orthogonal weights cannot be drawn a unit at a time; use glorot, or "
                "broadcast stored"
            )
        shapes = tuple(layer.out_shape for layer in net.layers[:-1])
        return Seed(jax.random.key_data(key), law, shapes, net.units)

    def lead(self, kept: Seed, error: Float[Array, "batch units"]) -> tuple[Signal, ...]:
        def led(shape: tuple[int, ...], key: PRNGKeyArray) -> Signal:
            def add(total, unit):
                return total + error[:, unit, None] * kept.weights(shape, key, unit), None

            nothing = jnp.zeros((error.shape[0], math.prod(shape)), error.dtype)
            total, _ = jax.lax.scan(add, nothing, jnp.arange(kept.units))
            return total.reshape(-1, *shape)

        return tuple(led(*each) for each in zip(kept.shapes, kept.keys(), strict=True))

    def layers(self, kept: Seed) -> tuple[Dense, ...]:
        def whole(shape: tuple[int, ...], key: PRNGKeyArray) -> Dense:
            draw = jax.vmap(lambda unit: kept.weights(shape, key, unit))
            return Dense(draw(jnp.arange(kept.units)), None, shape, identity)

        return tuple(whole(*each) for each in zip(kept.shapes, kept.keys(), strict=True))
