"""Image files as the raw pixels of a data set, seen as a person who opens the file sees them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from apical.errors import UsageError

if TYPE_CHECKING:
    from PIL import Image

    from apical.data.dataset import Dataset

BLACK, WHITE = 0, 255
CONTRAST = 64  # what is drawn on a transparent ground differs from it by a quarter of the range
MANY = 1000
SEVERAL = ("MPO", "PSD")  # several pictures a file, of which the first is the whole one


def read_image(path: Path | str, shape: tuple[int, ...], *, ground: int = BLACK) -> np.ndarray:
    """The pixels of one image file, resized and made grey or coloured as `shape` asks.

    The image is turned as its EXIF orientation says. Grey of 16 bits becomes grey of 8. Transparent
    parts show the `ground`, unless what is drawn could hardly be seen on it: black strokes on a
    transparent ground are read as black on white, white ones as white on black.

    **Arguments:**

    - `path`: a file in any format that Pillow reads.
    - `shape`: (rows, columns) or (rows, columns, 1) for grey, (rows, columns, 3) for colour.
    - `ground`: 0 for black or 255 for white, what the training images have (see `ground_of`).

    **Returns:** uint8 of that shape, 0 black to 255 white.

    **Raises:** `UsageError`, naming the file, if it is missing, damaged, too large (89 million
    pixels), wholly transparent, an animation, or of pixels whose black and white are not told.

    !!! example

        >>> from PIL import Image
        >>> stroke = Image.new("RGBA", (8, 8))  # transparent
        >>> stroke.paste((0, 0, 0, 255), (3, 0, 5, 8))  # a black bar
        >>> stroke.save("stroke.png")
        >>> read_image("stroke.png", (4, 4))[0]
        array([255, 128, 128, 255], dtype=uint8)
    """
    from PIL import Image

    if not is_image(shape):
        raise UsageError(f"shape={shape}: give (rows, columns), with 1 or 3 channels or none.")
    if not _is_file(path):
        raise UsageError(f"{path}: not found, or not a file; name an image file")
    colour = shape[2:] == (3,)
    image = upright(path, path, ground).convert("RGB" if colour else "L")
    resized = image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(resized).reshape(shape)


def upright(file: Path | str | IO[bytes], name: Path | str, ground: int) -> Image.Image:
    """An image as a person sees it, of 8 bits a channel and without transparency.

    Raises `UsageError`, calling the file by `name`, as `read_image` does.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow could not read of the metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                _refuse_several(image, name)
                size = image.size
                turned = ImageOps.exif_transpose(image)
                if image.format == "TIFF" and turned.size != size:
                    # Pillow 13 turns these after it has read them with rows for columns.
                    raise UsageError(f"{name}: is a TIFF that lies on its side; save it as PNG")
                return _on_ground(_eight_bits(turned, image.format, name), ground, name)
    except UsageError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UsageError(
            f"{name}: has more than {Image.MAX_IMAGE_PIXELS} pixels; make it smaller"
        ) from None
    except UnidentifiedImageError:
        raise UsageError(
            f"{name}: cannot be read as an image (in no format that Pillow knows); name image "
            "files only"
        ) from None
    except Exception as error:  # a decoder that meets damage may raise anything
        raise UsageError(
            f"{name}: cannot be read as an image ({error}); name image files only"
        ) from None


def read_examples(
    data: Dataset, paths: Sequence[Path | str], *, invert: bool = False
) -> np.ndarray:
    """Image files as raw examples of a data set of images.

    **Arguments:**

    - `data`: its examples are bytes, of a shape that `is_image`.
    - `paths`: image files, see `read_image`; a transparent ground becomes that of the training
      images where it can.
    - `invert`: swap black and white.

    **Returns:** uint8, shape (files, *data.shape), 0 black to `data.white`.

    **Raises:** `UsageError` if the data set is not one of images, or as `read_image` does.

    !!! example

        >>> import apical
        >>> digits = apical.load("digits")  # white is 16
        >>> from PIL import Image
        >>> Image.new("L", (100, 100), 255).save("white.png")
        >>> read_examples(digits, ["white.png"])[0, 0]
        array([16, 16, 16, 16, 16, 16, 16, 16], dtype=uint8)
    """
    if data.train.x.dtype != np.uint8 or not is_image(data.shape):
        raise UsageError(
            f"{data.name}: its examples are {data.train.x.dtype} of shape {data.shape}, not images "
            "of bytes; name a table of such rows (.csv, .tsv), or give arrays in Python"
        )
    ground = BLACK if ground_of(data.train.x) < data.white / 2 else WHITE
    pixels = np.stack([read_image(path, data.shape, ground=ground) for path in paths])
    pixels = WHITE - pixels if invert else pixels
    return np.round(pixels * (data.white / WHITE)).astype(np.uint8)


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether examples of this shape are grey or colour images, channels last.

    !!! example

        >>> is_image((28, 28)), is_image((32, 32, 3)), is_image((784,))
        (True, True, False)
    """
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3))


def ground_of(images: np.ndarray) -> float:
    """The mean of the pixels along the borders: the ground that things are drawn on.

    Of many images, that of the first.

    **Arguments:** `images`: shape (n, rows, columns) or (n, rows, columns, channels).

    !!! example

        >>> import apical
        >>> round(ground_of(apical.load("mnist").train.x), 2)  # nearly black
        0.05
    """
    border = np.zeros(images.shape[1:3], bool)
    border[[0, -1]] = border[:, [0, -1]] = True
    return float(np.asarray(images[:MANY])[:, border].mean())


def _is_file(path: Path | str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name too long for any file, or with a zero byte
        return False


def _refuse_several(file: Image.Image, path: Path | str) -> None:
    if getattr(file, "is_animated", False) and file.format not in SEVERAL:
        raise UsageError(f"{path}: holds several images; save the one that is meant by itself")


def _eight_bits(image: Image.Image, form: str | None, path: Path | str) -> Image.Image:
    """The image in a mode of 8 bits a channel; Pillow's own conversion makes most of it white."""
    from PIL import Image

    if image.mode.startswith("I;16") or (image.mode == "I" and form == "PPM"):
        grey = np.asarray(image).astype(np.uint32)
        opaque = np.uint8(255) * (grey != image.info.get("transparency", -1))
        pair = ((grey + 128) // 257).astype(np.uint8), opaque
        return Image.merge("LA", [Image.fromarray(channel) for channel in pair])
    if image.mode[0] in "IF":
        raise UsageError(
            f"{path}: its pixels are 32-bit numbers (mode {image.mode}), which do not tell what is "
            "white; save it with 8 or 16 bits a channel"
        )
    return image.convert("RGB") if image.mode == "LAB" else image


def _on_ground(image: Image.Image, ground: int, path: Path | str) -> Image.Image:
    """The image without its transparency."""
    from PIL import Image

    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    opacity = np.asarray(image.getchannel("A"), float)
    if opacity.min() == 255:
        return image.convert("RGB")
    if not opacity.any():
        raise UsageError(f"{path}: is wholly transparent; give its ground a colour")
    drawn = np.average(np.asarray(image.convert("L"), float), weights=opacity)
    if abs(drawn - ground) < CONTRAST:
        ground = WHITE if drawn < 128 else BLACK
    paper = Image.new("RGBA", image.size, (ground, ground, ground, 255))
    return Image.alpha_composite(paper, image)
