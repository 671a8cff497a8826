"""A kernel that slides over an image, zeros around it: which inputs each position reads."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.errors import UsageError

Image = tuple[int, int, int]
"""Rows, columns, channels."""


@dataclass(frozen=True)
class Window:
    """A kernel of `kernel` (rows, columns), moved by `stride`, over an image with zeros around it.

    `padding` zeros lie on every side; None: as many as make ceil(size / stride) positions,
    the odd one at the end, so that a stride of 1 keeps the shape.
    """

    kernel: tuple[int, int]
    stride: int = 1
    padding: int | None = None

    def positions(self, image: Image) -> tuple[int, int]:
        """(rows, columns) of positions. Raises `UsageError` if the kernel does not fit."""
        rows, columns, _ = image
        return self._along(rows, 0)[0], self._along(columns, 1)[0]

    def pads(self, image: Image) -> tuple[tuple[int, int], tuple[int, int]]:
        """Zeros (before, after) along rows and along columns."""
        rows, columns, _ = image
        return self._along(rows, 0)[1], self._along(columns, 1)[1]

    def fans(self, image: Image, channels: int) -> tuple[int, int]:
        """(inputs a unit reads, units an input reaches on average), away from the border."""
        area = math.prod(self.kernel)
        return area * image[2], max(1, area * channels // self.stride**2)

    def patches(
        self, x: Float[Array, "batch rows columns channels"]
    ) -> Float[Array, "positions batch patch"]:
        """What each position reads, a kernel's rows, columns and channels in this order.

        Position-major from strided slices: a matrix product a position follows, and each slice
        is a plain copy.
        """
        image: Image = x.shape[1], x.shape[2], x.shape[3]
        (rows, columns), stride = self.positions(image), self.stride
        padded = jnp.pad(x.transpose(1, 2, 0, 3), (*self.pads(image), (0, 0), (0, 0)))
        slices = [
            padded[
                i : i + stride * (rows - 1) + 1 : stride,
                j : j + stride * (columns - 1) + 1 : stride,
            ]
            for i in range(self.kernel[0])
            for j in range(self.kernel[1])
        ]
        return jnp.concatenate(slices, axis=-1).reshape(rows * columns, x.shape[0], -1)

    def _along(self, size: int, axis: int) -> tuple[int, tuple[int, int]]:
        """(positions, (zeros before, zeros after)) along one axis."""
        kernel, stride = self.kernel[axis], self.stride
        along = ("rows", "columns")[axis]
        if stride > size:
            raise UsageError(
                f"a stride of {stride} steps over all of an image of {size} {along}; "
                f"use {size} or less"
            )
        if self.padding is None:
            count = -(-size // stride)
            missing = max((count - 1) * stride + kernel - size, 0)
            return count, (missing // 2, missing - missing // 2)
        if self.padding >= kernel:
            raise UsageError(
                f"a padding of {self.padding} puts kernels of {kernel} {along} on zeros alone; use "
                f"{kernel - 1} or less"
            )
        padded = size + 2 * self.padding
        if padded < kernel:
            raise UsageError(
                f"the kernel's {kernel} {along} do not fit an image of {size} "
                f"with {self.padding} zeros on each side; use a smaller kernel or more padding"
            )
        return (padded - kernel) // stride + 1, (self.padding, self.padding)


def as_image(shape: tuple[int, ...]) -> Image:
    """The image that an example's shape stands for; one of (rows, columns) has one channel.

    Raises `UsageError` for a shape that is no image.
    """
    if len(shape) not in (2, 3):
        raise UsageError(
            f"reads images, of shape (rows, columns) or (rows, columns, channels), got {shape}; "
            "put it below fully connected layers, on a data set of images"
        )
    rows, columns, *channels = shape
    return rows, columns, *(channels or (1,))
