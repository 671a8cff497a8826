"""Convolutional layer: every position reads its patch of the image with the same weights."""

import equinox as eqx
import jax
from jaxtyping import Array, Float

from apical.activations import Activation
from apical.layers.window import Window, as_image
from apical.layers.windowed import Windowed


class Conv2d(Windowed):
    """a_p = W x_p + b at each position p, where x_p is the patch of the image it reads."""

    weight: Float[Array, "channels patch"]
    bias: Float[Array, " channels"] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    window: Window = eqx.field(static=True)

    @classmethod
    def sizes(cls, positions, channels, patch):
        return (channels, patch), channels

    def preactivation(self, x):
        image, stride = as_image(self.in_shape), self.window.stride
        a = jax.lax.conv_general_dilated(
            self.image(x),
            self.weight.reshape(-1, *self.window.kernel, image[2]),
            window_strides=(stride, stride),
            padding=self.window.pads(image),
            dimension_numbers=("NHWC", "OHWI", "NHWC"),
        )
        return a if self.bias is None else a + self.bias
