"""Random crops and mirror images, and what of a run they change."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import BP, DFA, UsageError, fit, from_arrays, load
from apical.data.augmentation import Augmentation, CropFlip
from apical.values.spelling import spell
from apical.values.value import parse
from tests.training.test_turns import notes

KEY = jax.random.key(0)


def ramp(count=400, shape=(5, 6, 3)):
    """Images in which every value is different and none is zero, all the same."""
    image = np.arange(1, np.prod(shape) + 1, dtype=np.uint8).reshape(shape)
    return jnp.asarray(np.broadcast_to(image, (count, *shape)))


def versions(x, margin, mirror, upend):
    """Every version that there may be, by slicing."""
    image = np.asarray(x[0])
    around = [(margin, margin)] * 2 + [(0, 0)] * (image.ndim - 2)
    padded = np.pad(image, around)
    found = []
    for i in range(2 * margin + 1):
        for j in range(2 * margin + 1):
            crop = padded[i : i + image.shape[0], j : j + image.shape[1]]
            found += [crop, *([crop[:, ::-1]] * mirror), *([crop[::-1]] * upend)]
            found += [crop[::-1, ::-1]] * (mirror and upend)
    return {crop.tobytes() for crop in found}


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3)], ids=str)
@pytest.mark.parametrize(
    "augmentation",
    [CropFlip(1), CropFlip(1, False), CropFlip(0), CropFlip(1, True, True)],
    ids=spell,
)
def test_each_version_occurs_and_no_other(shape, augmentation):
    x = ramp(shape=shape)
    found = augmentation(x, KEY)
    assert (found.shape, found.dtype) == (x.shape, x.dtype)
    fields = augmentation.margin, augmentation.mirror, augmentation.upend
    assert {np.asarray(image).tobytes() for image in found} == versions(x, *fields)


def test_images_are_changed_independently_and_again_under_another_key():
    x = ramp()
    one, same, two = (np.asarray(CropFlip(2)(x, k)) for k in (KEY, KEY, jax.random.key(1)))
    np.testing.assert_array_equal(one, same)
    assert (one != two).any()
    mirrored = np.asarray(CropFlip(0)(x, KEY))[:, 0, 0, 0] != 1
    assert 0.4 < mirrored.mean() < 0.6


def test_it_is_spelled():
    assert parse(Augmentation, "crop-flip:4,false") == CropFlip(4, False)
    with pytest.raises(UsageError, match="margin: must be 0 or more"):
        parse(Augmentation, "crop-flip:-1")
    for margin in ("4", 1.5, True, None):
        with pytest.raises(UsageError, match="margin of crop-flip: must be a whole number"):
            CropFlip(margin)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="mirror of crop-flip: must be True or False, got 'no'"):
        CropFlip(mirror="no")  # type: ignore[arg-type]


def test_an_image_is_another_at_every_epoch_and_the_same_in_all_turns_of_one():
    """On a data set of one image, many times over, whose minibatches' sums the rule notes."""
    x = np.asarray(ramp(330, (4, 4)))
    data = from_arrays(x, np.arange(330) % 3, validation=0.0, test=(x[:3], np.arange(3)))
    seen, _ = notes(data, epochs=2, alternate="epoch", augmentation=CropFlip(1))
    first, again, second, _ = seen[:, 2].reshape(4, -1)
    np.testing.assert_array_equal(first, again)
    assert len({*first, *second}) == len(first) + len(second)
    plain, _ = notes(data, epochs=2)
    np.testing.assert_allclose(plain[:, 2], plain[0, 2], rtol=1e-6)


def test_evaluation_sees_the_images_as_they_are(blobs):
    """At a rate of nothing only the images decide the loss."""
    given: dict[str, Any] = {"hidden": (8,), "batch_size": 30, "epochs": 1, "lr": 1e-12}
    plain = fit(BP(), blobs, **given)
    changed = fit(BP(), blobs, augmentation=CropFlip(1), **given)
    assert changed.metrics[0]["train_loss"] != pytest.approx(plain.metrics[0]["train_loss"])
    assert changed.summary["test_loss"] == plain.summary["test_loss"]
    assert changed.summary["train_loss"] == plain.summary["train_loss"]


def test_every_rule_sees_the_same_images(blobs):
    given: dict[str, Any] = {"hidden": (8,), "batch_size": 30, "epochs": 1, "lr": 1e-12}
    losses = [
        fit(rule, blobs, augmentation=CropFlip(1), **given).metrics[0]["train_loss"]
        for rule in (BP(), DFA())
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_what_is_no_image_is_refused():
    x = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    data = from_arrays(x, np.arange(30) % 2)
    with pytest.raises(UsageError, match=r"crop-flip is for images.*got \(4,\)"):
        fit(BP(), data, augmentation=CropFlip(), hidden=(3,), batch_size=5, epochs=1)


def test_a_margin_that_leaves_crops_blank_is_refused_before_a_folder_is_made(tmp_path):
    out = tmp_path / "run"
    with pytest.raises(UsageError, match=r"smaller than the images \(8 x 8\).*got 8"):
        fit(BP(), load("digits"), augmentation=CropFlip(8), hidden=(3,), epochs=1, out=out)
    assert not out.exists()
