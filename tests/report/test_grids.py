"""Grids of images."""

import numpy as np
import pytest
from PIL import Image

from apical import UsageError, WriteError
from apical.report.grids import BORDER, grid, save_examples


def test_every_image_is_there_in_its_place():
    images = np.linspace(0, 1, 5 * 28 * 28).reshape(5, 28, 28)
    sheet = grid(images, across=3)
    assert sheet.shape == (2 * 57 + 1, 3 * 57 + 1)
    for i, image in enumerate(images):
        top, left = 1 + i // 3 * 57, 1 + i % 3 * 57
        part = sheet[top : top + 56, left : left + 56]
        assert np.array_equal(part[::2, ::2], np.round(255 * image))
        assert np.array_equal(part[1::2, 1::2], part[::2, ::2])
    grey = round(255 * BORDER)
    assert (sheet[57] == grey).all()
    assert (sheet[58:, 2 * 57 + 1 :] == grey).all()


def test_colours_stay_and_what_is_out_of_range_is_cut_off():
    sheet = grid(np.array([[[[-1.0, 0.5, 2.0]]]]), across=1)
    assert sheet[1, 1].tolist() == [0, 128, 255]
    assert grid(np.zeros((1, 4, 4, 1)), across=1).ndim == 2


def test_examples_are_saved_as_the_ending_says(tmp_path):
    images = np.random.default_rng(0).uniform(size=(3, 8, 8))
    seen = np.asarray(Image.open(save_examples(images, tmp_path / "new" / "x.png", across=2)))
    assert np.array_equal(seen, grid(images, across=2))
    assert np.array_equal(np.load(save_examples(images, tmp_path / "x.npy", across=2)), images)
    with pytest.raises(UsageError, match=r"must end in \.png, .* got \.jpg"):
        save_examples(images, tmp_path / "x.jpg", across=2)
    with pytest.raises(UsageError, match="across: must be 1 or more, got 0"):
        grid(images, across=0)
    giant = np.broadcast_to(np.float32(0), (10**8, 100, 100))
    with pytest.raises(UsageError, match=r"out: such a grid needs .* draw fewer, or name a file"):
        grid(giant, across=2)
    with pytest.raises(UsageError, match="are no images; name a file that ends in"):
        save_examples(images.reshape(3, 64), tmp_path / "x.png", across=2)
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError):
        save_examples(images, tmp_path / "file" / "x.png", across=2)
