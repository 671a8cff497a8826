"""Grids of images, pixel by pixel, as PNG."""

import io
import math
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from apical.errors import UsageError, at_least_one
from apical.runs.writing import write_whole
from apical.training.memory import Bytes, refuse

BORDER = 0.5
"""The grey between images."""
SIDE = 56
"""Pixels that an image is magnified to, or less."""


def grid(images: Float[np.ndarray, "images rows columns ..."], across: int) -> np.ndarray:
    """Images side by side, `across` in a row, as one image of bytes.

    **Arguments:**

    - `images`: grey (n, rows, columns) or colour (n, rows, columns, channels), 0 black and 1 white;
      what lies beyond is cut off. Small images are magnified by a whole number.

    **Raises:** `UsageError` for examples that are no images, and for more than fit into memory.

    !!! example

        >>> grid(np.zeros((5, 8, 8)), across=3).shape
        (115, 172)
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] != 3):
        raise UsageError(
            f"out: examples of shape {images.shape[1:]} are no images; name a file that ends in "
            ".npy"
        )
    at_least_one(across=across)
    across, zoom = min(across, len(images)), max(1, SIDE // max(images.shape[1:3]))
    down = math.ceil(len(images) / across)
    height, width = (zoom * side + 1 for side in images.shape[1:3])
    shape = (down * height + 1, across * width + 1, *images.shape[3:])
    refuse(
        Bytes(host=2 * math.prod(shape)),
        "draw fewer, or name a file that ends in .npy",
        "out: such a grid",
    )
    sheet = np.full(shape, round(255 * BORDER), np.uint8)
    for i, image in enumerate(images):
        top, left = 1 + i // across * height, 1 + i % across * width
        large = image.repeat(zoom, axis=0).repeat(zoom, axis=1)
        bytes_ = np.round(255 * np.clip(large, 0, 1)).astype(np.uint8)
        sheet[top : top + height - 1, left : left + width - 1] = bytes_
    return sheet


def save_examples(examples: Float[np.ndarray, "examples ..."], out: Path, across: int) -> Path:
    """Save examples as a grid of images (.png), or as numbers (.npy); `out`.

    Raises `UsageError` for another ending and for a grid of what is no image, `WriteError` if the
    file cannot be written.
    """
    content = io.BytesIO()
    match out.suffix.lower():
        case ".png":
            Image.fromarray(grid(examples, across)).save(content, "png")
        case ".npy":
            np.save(content, examples)
        case ending:
            raise UsageError(
                f"out: {out} must end in .png, for a grid of images, or in .npy, for numbers, got "
                f"{ending or 'no ending'}"
            )
    write_whole(out, content.getvalue())
    return out
