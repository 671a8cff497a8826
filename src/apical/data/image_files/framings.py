"""Framings: how an image of any size becomes one of the size that a network reads."""

from abc import abstractmethod

import numpy as np

from apical.errors import UsageError, at_least_one
from apical.values.value import Value

Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a rectangle, in pixels."""
TRIES = 10
"""How often a rectangle is drawn before the largest in the middle is taken."""


class Framing(Value):
    """Cuts a frame out of an image, and resizes: the same one always, or in training one by chance.

    **Shapes:** pixels (rows, columns, 3) to (size, size, 3), uint8.

    !!! example

        >>> tall = np.arange(40 * 20 * 3, dtype=np.uint8).reshape(40, 20, 3)
        >>> Resized(size=10)(tall).shape
        (10, 10, 3)
    """

    size: int = 224
    """Rows, and columns, of a frame."""

    def __check_init__(self):
        at_least_one(size=self.size)

    @abstractmethod
    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """The frame that is measured with."""

    def drawn(self, pixels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """A frame to train with."""
        return self(pixels)


class Resized(Framing):
    """The middle square of an image in the frame's size; nothing is left to chance.

    An image of the frame's size is taken as it is.
    """

    name = "resized"

    def __call__(self, pixels):
        return _framed(pixels, _middle(pixels, 1.0), self.size)


class AlexNet(Framing):
    """A square out of the middle square of an image in a larger size, and perhaps its mirror image.

    The square is drawn for training, and that in the middle for measuring.

    Source: Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional
    neural networks", section 4.1.
    """

    name = "alexnet"
    shorter: int = 256
    """What the shorter side of an image is resized to."""
    mirror: bool = True
    """Exchange left and right with probability 1/2."""

    def __check_init__(self):
        at_least_one(size=self.size)
        if self.shorter < self.size:
            raise UsageError(
                f"shorter of {self.name}: must be {self.size} or more, the size of a frame, got "
                f"{self.shorter}"
            )

    def __call__(self, pixels):
        return _framed(pixels, _middle(pixels, self.size / self.shorter), self.size)

    def drawn(self, pixels, draw):
        left, top, right, bottom = _middle(pixels, 1.0)
        side = (right - left) * self.size / self.shorter
        x = left + draw.random() * (right - left - side)
        y = top + draw.random() * (bottom - top - side)
        return _mirrored(_framed(pixels, (x, y, x + side, y + side), self.size), self.mirror, draw)


class RandomResized(Framing):
    """A rectangle of any size and of nearly any form, and perhaps its mirror image.

    Its area is a share of the image's, drawn uniformly from `least` to 1; the logarithm of its
    aspect is drawn uniformly, up to `aspect` either way. Measuring is with the middle of an image
    whose shorter side is `shorter`.

    Source: Szegedy et al. 2015, "Going deeper with convolutions", section 6.
    """

    name = "random-resized"
    shorter: int = 256
    least: float = 0.08
    aspect: float = 4 / 3
    mirror: bool = True

    def __check_init__(self):
        at_least_one(size=self.size)
        if self.shorter < self.size:
            raise UsageError(
                f"shorter of {self.name}: must be {self.size} or more, the size of a frame, got "
                f"{self.shorter}"
            )
        if not 0 < self.least <= 1:
            raise UsageError(
                f"least of {self.name}: must be above 0 and up to 1, got {self.least:g}"
            )
        if not self.aspect >= 1:
            raise UsageError(f"aspect of {self.name}: must be 1 or more, got {self.aspect:g}")

    def __call__(self, pixels):
        return _framed(pixels, _middle(pixels, self.size / self.shorter), self.size)

    def drawn(self, pixels, draw):
        return _mirrored(_framed(pixels, self._box(pixels, draw), self.size), self.mirror, draw)

    def _box(self, pixels: np.ndarray, draw: np.random.Generator) -> Box:
        rows, columns = pixels.shape[:2]
        for _ in range(TRIES):
            area = rows * columns * draw.uniform(self.least, 1)
            aspect = np.exp(draw.uniform(-1, 1) * np.log(self.aspect))
            wide, high = np.sqrt(area * aspect), np.sqrt(area / aspect)
            if wide <= columns and high <= rows:
                x, y = draw.random() * (columns - wide), draw.random() * (rows - high)
                return x, y, x + wide, y + high
        return _middle(pixels, 1.0)


def _middle(pixels: np.ndarray, share: float) -> Box:
    """The square in the middle whose side is this share of the shorter side."""
    rows, columns = pixels.shape[:2]
    side = min(rows, columns) * share
    x, y = (columns - side) / 2, (rows - side) / 2
    return x, y, x + side, y + side


def _framed(pixels: np.ndarray, box: "Box", size: int) -> np.ndarray:
    """What lies in a box, (left, top, right, bottom), resized to the frame; smoothed if smaller."""
    if pixels.shape[:2] == (size, size) and box == (0, 0, size, size):
        return pixels
    from PIL import Image

    image = Image.fromarray(pixels)
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box))


def _mirrored(pixels: np.ndarray, mirror: bool, draw: np.random.Generator) -> np.ndarray:
    return pixels[:, ::-1] if mirror and draw.random() < 0.5 else pixels
