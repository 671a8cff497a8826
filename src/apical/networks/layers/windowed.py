"""Layers that read an image through a window: their shared part."""

import math
from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.errors import UsageError, at_least_one
from apical.networks.activations import Activation
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers.layer import Layer, LayerSpec
from apical.networks.layers.window import Window, as_image
from apical.networks.transmission import Graded, Transmission
from apical.values.value import written


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


class ImageSpec(LayerSpec):
    """A kernel moved over an image.

    Without padding as many zeros as make a stride of 1 keep the shape; `p0`: none.
    """

    kernel: tuple[int, ...] = eqx.field(metadata=written(between="x"))
    channels: int
    stride: int = eqx.field(default=1, metadata=written(mark="s"))
    padding: int | None = eqx.field(default=None, metadata=written(mark="p"))
    sends: Transmission = Graded()

    def __check_init__(self):
        if len(self.kernel) != 2:
            raise UsageError(f"kernel: give rows x columns, as in 3x3, got {self.kernel}")
        rows, columns = self.kernel
        at_least_one(rows=rows, columns=columns, channels=self.channels, stride=self.stride)
        if self.padding is not None and self.padding < 0:
            raise UsageError(f"padding: must be 0 or more, got {self.padding}")

    @property
    @abstractmethod
    def kind(self) -> type[Windowed]:
        """The layer it makes."""

    def create(self, in_shape, activation, *, key, init, bias):
        rows, columns = self.kernel
        window = Window((rows, columns), self.stride, self.padding)
        return self.kind.create(
            in_shape, self.channels, activation, window, key=key, init=init, bias=bias
        )


def at_positions(layer: Windowed, x, post: PyTree) -> tuple[Array, PyTree]:
    """Patches, (batch, positions, 1, patch), and units, (batch, positions, channels, 1)."""
    patches = layer.window.patches(layer.image(x)).swapaxes(0, 1)
    batch, positions, _ = patches.shape
    units = jax.tree.map(lambda a: a.reshape(batch, positions, -1, 1), post)
    return patches[:, :, None], units
