"""Image files become the pixels that a person sees, or are refused in a line."""

import os
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from apical.data import Scale, from_arrays, load
from apical.data.images import ground_of, read_examples, read_image
from apical.errors import UsageError

GREY, COLOUR = (4, 6), (4, 6, 3)
RAMP = (np.arange(24).reshape(GREY) * 11).astype(np.uint8)
BAR = np.zeros(GREY, np.uint8)
BAR[:, 2:4] = 255  # an upright stroke


def saved(path, image, **options):
    image.save(path, **options)
    return path


def stroke(colour, mode="RGBA"):
    """The bar in a colour (a grey level), on a transparent ground of colour 0."""
    drawn = Image.merge("LA", [Image.fromarray(BAR // 255 * colour), Image.fromarray(BAR)])
    return drawn if mode == "LA" else drawn.convert("RGBA")


def with_palette():
    image = Image.fromarray(BAR // 255, "P")
    image.putpalette([0, 0, 0, 0, 0, 0])  # ground and stroke are both black
    image.info["transparency"] = 0
    return image


def with_bytes_of_transparency():
    image = with_palette()
    image.info["transparency"] = bytes([0, 255])
    return image


def with_colour_key(mode, key, black):
    """Ground of a colour that says it is transparent, as PNGs without alpha do."""
    image = Image.new(mode, (6, 4), key)
    image.paste(black, (2, 0, 4, 4))
    image.info["transparency"] = key
    return image


@pytest.mark.parametrize("ground", [0, 255])
@pytest.mark.parametrize(
    "image",
    [
        stroke(0),
        stroke(0, "LA"),
        with_palette(),
        with_bytes_of_transparency(),
        with_colour_key("L", 9, 0),
        with_colour_key("RGB", (9, 9, 9), (0, 0, 0)),
    ],
    ids=["rgba", "la", "palette", "palette-bytes", "grey-key", "colour-key"],
)
def test_black_strokes_on_a_transparent_ground_are_black_on_white(tmp_path, image, ground):
    options = {"transparency": image.info["transparency"]} if image.info else {}
    path = saved(tmp_path / "a.png", image, **options)
    np.testing.assert_array_equal(read_image(path, GREY, ground=ground), 255 - BAR)
    colour = read_image(path, COLOUR, ground=ground)
    np.testing.assert_array_equal(colour, np.stack([255 - BAR] * 3, -1))


@pytest.mark.parametrize("ground", [0, 255])
def test_white_strokes_on_a_transparent_ground_are_white_on_black(tmp_path, ground):
    path = saved(tmp_path / "a.png", stroke(255))
    np.testing.assert_array_equal(read_image(path, GREY, ground=ground), BAR)


@pytest.mark.parametrize("ground", [0, 255])
def test_strokes_that_stand_out_are_shown_on_the_ground_asked_for(tmp_path, ground):
    path = saved(tmp_path / "a.webp", stroke(128), lossless=True)
    found = read_image(path, GREY, ground=ground)
    np.testing.assert_array_equal(found, np.where(BAR > 0, 128, ground))


def test_half_transparent_edges_are_mixed_with_the_ground(tmp_path):
    image = Image.merge("LA", [Image.fromarray(BAR * 0), Image.fromarray(BAR // 2)])
    path = saved(tmp_path / "a.png", image)
    assert set(read_image(path, GREY).ravel()) == {128, 255}


def test_an_opaque_alpha_channel_changes_nothing(tmp_path):
    path = saved(tmp_path / "a.png", Image.fromarray(RAMP).convert("RGBA"))
    np.testing.assert_array_equal(read_image(path, GREY), RAMP)


@pytest.mark.parametrize(
    ("form", "wide"), [("png", "<u2"), ("tiff", "<u2"), ("tiff", ">u2"), ("pgm", "<u2")]
)
def test_grey_of_16_bits_keeps_its_levels(tmp_path, form, wide):
    path = saved(
        tmp_path / f"a.{form}", Image.fromarray((RAMP.astype(np.uint16) * 257).astype(wide))
    )
    np.testing.assert_array_equal(read_image(path, GREY), RAMP)
    np.testing.assert_array_equal(read_image(path, COLOUR)[..., 1], RAMP)


def test_grey_of_16_bits_may_have_a_transparent_level(tmp_path):
    wide = Image.fromarray(np.where(BAR > 0, np.uint16(0), np.uint16(7)))
    path = saved(tmp_path / "a.png", wide, transparency=7)
    np.testing.assert_array_equal(read_image(path, GREY), 255 - BAR)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.png", "1"),
        ("a.png", "L"),
        ("a.gif", "P"),
        ("a.png", "RGB"),
        ("a.bmp", "RGB"),
        ("a.tiff", "CMYK"),
        ("a.jpg", "CMYK"),
        ("a.tiff", "YCbCr"),
        ("a.tiff", "LAB"),
    ],
)
def test_every_mode_shows_what_was_drawn(tmp_path, name, mode):
    drawn = Image.fromarray(np.repeat(np.repeat(BAR, 8, 0), 8, 1)).convert("RGB")
    drawn = drawn if mode == "LAB" else drawn.convert(mode)
    path = saved(tmp_path / name, drawn)
    found = read_image(path, (32, 48)).astype(int)
    np.testing.assert_allclose(found, np.asarray(drawn.convert("L")).astype(int), atol=6)
    assert np.ptp(found) > 240


def test_colours_are_kept_and_channels_come_last(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), quality=95)
    np.testing.assert_allclose(read_image(path, (2, 2, 3))[0, 0].astype(int), [255, 0, 0], atol=6)
    assert read_image(path, (2, 2, 1)).shape == (2, 2, 1)


@pytest.mark.parametrize("form", ["png", "jpg", "webp"])
@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, lambda x: x),
        (2, np.fliplr),
        (3, lambda x: np.rot90(x, 2)),
        (4, np.flipud),
        (5, np.transpose),
        (6, lambda x: np.rot90(x, -1)),
        (7, lambda x: np.rot90(np.transpose(x), 2)),
        (8, np.rot90),
    ],
)
def test_the_exif_orientation_is_followed(tmp_path, form, orientation, turned):
    large = np.repeat(np.repeat(RAMP, 8, 0), 8, 1)
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if form == "webp" else {"quality": 100} if form == "jpg" else {}
    path = saved(tmp_path / f"a.{form}", Image.fromarray(large), exif=exif, **options)
    found = read_image(path, turned(large).shape)
    np.testing.assert_allclose(found.astype(int), turned(large).astype(int), atol=4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_tiff_that_lies_on_its_side_is_turned_or_refused(tmp_path, compression, dtype):
    """Pillow 13 reads those without compression wrongly."""
    image = Image.fromarray(RAMP.astype(dtype) * (257 if dtype == np.uint16 else 1))
    path = saved(tmp_path / "a.tiff", image, tiffinfo={274: 6}, compression=compression)
    try:
        found = read_image(path, GREY[::-1])
    except UsageError:
        assert compression == "raw"
    else:
        np.testing.assert_array_equal(found, np.rot90(RAMP, -1))


def png(width, height):
    """A PNG that promises a size and begins to hold pixels."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99)))


def whole(form):
    file = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)).save(file, form)
    return file.getvalue()


FORMS = ("PNG", "JPEG", "GIF", "TIFF", "BMP")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "cannot be read as an image"),
        (b"not an image", "cannot be read as an image"),
        (png(0, 4), "cannot be read as an image"),
        (png(40, 40), "cannot be read as an image"),
        (png(9000, 10_000), "more than 89478485 pixels; make it smaller"),
        (png(60_000, 60_000), "more than 89478485 pixels; make it smaller"),
        *((whole(form)[:-600], "cannot be read") for form in FORMS),
    ],
    ids=["empty", "text", "no columns", "few pixels", "large", "huge", *FORMS],
)
@pytest.mark.filterwarnings("error")
def test_damage_is_one_line_that_names_the_file(tmp_path, raw, says):
    path = tmp_path / "a.png"
    path.write_bytes(raw)
    with pytest.raises(UsageError) as error:
        read_image(path, GREY)
    assert str(error.value).startswith(f"{path}: ")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for ever
    for name in ("none.png", "folder.png", "pipe.png", "x" * 300):
        with pytest.raises(UsageError, match=name):
            read_image(tmp_path / name, GREY)


def test_what_has_no_one_meaning_is_refused(tmp_path):
    frames = [Image.fromarray(RAMP), Image.fromarray(BAR)]
    for form in ("gif", "webp", "png", "tiff"):
        path = saved(tmp_path / f"a.{form}", frames[0], save_all=True, append_images=frames[1:])
        with pytest.raises(UsageError, match="holds several images"):
            read_image(path, GREY)
    with pytest.raises(UsageError, match="wholly transparent"):
        read_image(saved(tmp_path / "b.png", Image.new("RGBA", (6, 4))), GREY)
    for mode in ("I", "F"):
        with pytest.raises(UsageError, match=f"32-bit numbers .mode {mode}."):
            read_image(saved(tmp_path / "c.tiff", Image.new(mode, (6, 4), 200)), GREY)
    for shape in [(784,), (4, 4, 2), ()]:
        with pytest.raises(UsageError, match="with 1 or 3 channels"):
            read_image(tmp_path / "b.png", shape)


def test_the_first_picture_of_a_camera_s_file_is_taken(tmp_path):
    """Telephones write JPEGs with a second picture behind the first."""
    large = [Image.fromarray(np.repeat(np.repeat(x, 8, 0), 8, 1)) for x in (BAR, RAMP)]
    path = saved(tmp_path / "a.jpg", large[0], format="MPO", save_all=True, append_images=large[1:])
    np.testing.assert_allclose(read_image(path, (32, 48)), np.asarray(large[0]), atol=4)


def test_examples_have_the_range_and_the_ground_of_their_data_set(tmp_path):
    digits = load("digits")
    assert (digits.white, ground_of(digits.train.x) < 4) == (16, True)
    mid = saved(tmp_path / "a.png", stroke(128))
    white = saved(tmp_path / "b.png", Image.new("L", (9, 9), 255))
    found = read_examples(digits, [mid, white])
    assert found.shape == (2, 8, 8)
    assert (found[0].min(), found[0].max()) == (0, 8)
    assert (found[1] == 16).all()
    assert (read_examples(digits, [white], invert=True) == 0).all()

    y = np.arange(20) % 2
    light = from_arrays(np.full((20, 4, 6), 250, np.uint8), y)
    assert light.white == 255
    np.testing.assert_array_equal(read_examples(light, [mid])[0], np.where(BAR > 0, 128, 255))
    ones = from_arrays(np.ones((20, 4, 6), np.uint8), y, preprocessing=Scale(1.0))
    assert read_examples(ones, [white]).max() == 1


@pytest.mark.parametrize("x", [np.zeros((20, 6), np.uint8), np.zeros((20, 4, 6), np.float32)])
def test_data_that_are_no_images_of_bytes_take_no_files(x):
    with pytest.raises(UsageError, match="not images of bytes; name a table of such rows"):
        read_examples(from_arrays(x, np.arange(20) % 2), [])
