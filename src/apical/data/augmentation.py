"""Random changes of the training images, made on raw bytes inside the compiled step."""

from abc import abstractmethod

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray, Shaped

from apical.errors import UsageError
from apical.values.value import Value

Images = Shaped[Array, "batch rows columns ..."]


class Augmentation(Value):
    """Another version of each training example at every pass; validation and test stay as they are.

    It is applied before the preprocessing, which is fitted on the examples as they are.
    """

    @abstractmethod
    def __call__(self, x: Images, key: PRNGKeyArray) -> Images:
        """Raw examples of the same shape and type."""


class Unchanged(Augmentation):
    """The examples as they are."""

    def __call__(self, x, key):
        return x


class CropFlip(Augmentation):
    """A random crop of the image with zeros around it, and perhaps its mirror image.

    **Arguments:**

    - `margin`: how many zeros are put on each side before an image of the old size is cut out.
    - `mirror`: exchange left and right with probability 1/2.
    - `upend`: exchange top and bottom with probability 1/2.

    **Shapes:** images (batch, rows, columns) or (batch, rows, columns, channels), of any type.

    **Raises:** `UsageError` if `margin` is not a whole number from 0, or a flag is no truth value;
    when called, if the examples are no images or are not larger than the margin.

    !!! example

        >>> image = jnp.arange(1, 5).reshape(1, 2, 2)
        >>> CropFlip(margin=1, mirror=False)(image, jax.random.key(3)).shape
        (1, 2, 2)
    """

    margin: int = 4
    mirror: bool = True
    upend: bool = False

    def __check_init__(self):
        if self.margin < 0:
            raise UsageError(f"margin: must be 0 or more, got {self.margin}; try crop-flip:4")

    def __call__(self, x, key):
        if x.ndim not in (3, 4):
            raise UsageError(
                "augmentation: crop-flip is for images, of shape (rows, columns) or (rows, "
                f"columns, channels), got {x.shape[1:]}; leave it out or use a data set of images"
            )
        if self.margin >= min(x.shape[1:3]):
            raise UsageError(
                f"margin: must be smaller than the images ({x.shape[1]} x {x.shape[2]}), or crops "
                f"are blank; got {self.margin}, try crop-flip:4"
            )
        for_crop, for_mirror, for_upend = jax.random.split(key, 3)
        x = self._crop(x, for_crop)
        x = _every_other(x, 2, for_mirror) if self.mirror else x
        return _every_other(x, 1, for_upend) if self.upend else x

    def _crop(self, x: Images, key: PRNGKeyArray) -> Images:
        around = [(self.margin, self.margin)] * 2 + [(0, 0)] * (x.ndim - 3)
        corners = jax.random.randint(key, (x.shape[0], 2), 0, 2 * self.margin + 1)

        def crop(image: Array, corner: Array) -> Array:
            start = (*corner, *[0] * (image.ndim - 2))
            return jax.lax.dynamic_slice(jnp.pad(image, around), start, image.shape)

        return jax.vmap(crop)(x, corners)


def _every_other(x: Images, axis: int, key: PRNGKeyArray) -> Images:
    """Each image as it is or turned round along an axis, with even chances."""
    turned = jax.random.bernoulli(key, shape=(x.shape[0],) + (1,) * (x.ndim - 1))
    return jnp.where(turned, jnp.flip(x, axis), x)
