"""The interface of a layer: its forward map, and two linear maps got from it, for rules to use.

A layer is h = sigma(a) with a = W x + b, where W is whatever linear map the
geometry makes of the weights. Rules never see that geometry: they pull teaching
signals back with `pull` and turn them into weight changes with `gradient`.
"""

from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.networks.activations import Activation
from apical.networks.initialisers import Initialiser
from apical.networks.transmission import Transmission
from apical.values.value import Value

Batched = Float[Array, "batch ..."]
Parameter = Array | jax.ShapeDtypeStruct


class Layer(eqx.Module):
    """A layer of units; arrays carry a leading batch axis."""

    weight: eqx.AbstractVar[Float[Array, "..."]]
    bias: eqx.AbstractVar[Float[Array, "..."] | None]
    in_shape: eqx.AbstractVar[tuple[int, ...]]
    activation: eqx.AbstractVar[Activation]

    @property
    @abstractmethod
    def out_shape(self) -> tuple[int, ...]: ...

    @property
    @abstractmethod
    def fans(self) -> tuple[int, int]:
        """(inputs a unit reads, units an input reaches)."""

    @abstractmethod
    def preactivation(self, x: Batched) -> Batched:
        """a = W x + b, for x of shape (batch, *in_shape); affine in the weights and in x, as it is
        read (see `Transmitted`)."""

    def __call__(self, x: Batched) -> Batched:
        """h = sigma(W x + b)."""
        return self.activation(self.preactivation(x))

    def pull(self, signal: Batched) -> Batched:
        """W^T signal: from the layer's preactivations to its inputs."""
        x = jnp.zeros((signal.shape[0], *self.in_shape), signal.dtype)
        (pulled,) = jax.vjp(self.preactivation, x)[1](signal)
        return pulled

    def modulate(self, a: Batched, signal: Batched) -> Batched:
        """sigma'(a) * signal: from the layer's activity to its preactivations."""
        (modulated,) = jax.vjp(self.activation, a)[1](signal)
        return modulated

    def gradient(self, x: Batched, delta: Batched) -> Self:
        """d/d(W, b) of <delta, W x + b>, averaged over the batch; shaped like the layer."""
        _, vjp = eqx.filter_vjp(lambda layer: layer.preactivation(x), self)
        (gradient,) = vjp(delta / delta.shape[0])
        return gradient

    def with_parameters(self, weight: Parameter, bias: Parameter | None) -> Self:
        """This layer's geometry with weights and biases of its own, or with their mere shapes."""
        return eqx.tree_at(
            lambda layer: (layer.weight, layer.bias),
            self,
            (weight, bias),
            is_leaf=lambda leaf: leaf is None,
        )

    def with_weight(self, weight: Parameter) -> Self:
        """A feedback layer: this layer's geometry with weights of its own and no bias."""
        return self.with_parameters(weight, None)

    def redrawn(self, init: Initialiser, key: PRNGKeyArray) -> Self:
        """A feedback layer with weights drawn from `init`, independent of this layer's."""
        return self.with_weight(init.draw(key, self.weight.shape, *self.fans))


class LayerSpec(Value):
    """A layer before it is known what it will read: a value, which `--hidden` spells.

    `fc:500,sign` and `fc:500,bernoulli` send something else than their activity to the layer above.
    """

    name = "layer"
    number = "fc"

    @property
    @abstractmethod
    def sends(self) -> Transmission:
        """What its units send to the layer above."""

    @abstractmethod
    def create(
        self,
        in_shape: tuple[int, ...],
        activation: Activation,
        *,
        key: PRNGKeyArray,
        init: Initialiser,
        bias: bool,
    ) -> Layer:
        """The layer for inputs of a shape. Raises `UsageError` if it cannot read them."""
