"""What layers that read an image through a window share."""

import math
from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.networks.activations import Activation
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers.layer import Layer
from apical.networks.layers.window import Window, as_image


class Windowed(Layer):
    """a_p = W_p x_p + b_p at each position p, where x_p is the patch of the image it reads.

    `weight` is (..., channels, patch), a patch being the kernel's rows, columns and input
    channels in this order. Grey images may lack the channel axis.
    """

    window: eqx.AbstractVar[Window]

    @classmethod
    @abstractmethod
    def sizes(cls, positions: int, channels: int, patch: int) -> tuple[tuple[int, ...], int]:
        """(shape of the weight, number of biases)."""

    @classmethod
    def create(
        cls,
        in_shape: tuple[int, ...],
        channels: int,
        activation: Activation,
        window: Window,
        *,
        key: PRNGKeyArray,
        init: Initialiser = Glorot(),
        bias: bool = True,
    ) -> Self:
        """Weights drawn from `init`, biases zero.

        Raises `UsageError` if `in_shape` is no image or the window does not fit it.
        """
        image = as_image(in_shape)
        positions = math.prod(window.positions(image))
        shape, biases = cls.sizes(positions, channels, math.prod(window.kernel) * image[2])
        weight = init.draw(key, shape, *window.fans(image, channels))
        fields = (weight, jnp.zeros(biases) if bias else None, tuple(in_shape), activation, window)
        return cls(*fields)

    @property
    def out_shape(self):
        return (*self.window.positions(as_image(self.in_shape)), self.weight.shape[-2])

    @property
    def fans(self):
        return self.window.fans(as_image(self.in_shape), self.weight.shape[-2])

    @abstractmethod
    def products(
        self, patches: Float[Array, "positions batch patch"]
    ) -> Float[Array, "positions batch channels"]:
        """W_p x_p."""

    def preactivation(self, x):
        a = self.products(self.window.patches(self.image(x))).swapaxes(0, 1)
        if self.bias is not None:
            a = a + self.bias.reshape(-1, a.shape[-1])
        return a.reshape(-1, *self.out_shape)

    def image(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch rows columns channels"]:
        """The batch with a channel axis, if grey images came without."""
        return x.reshape(-1, *as_image(self.in_shape))
