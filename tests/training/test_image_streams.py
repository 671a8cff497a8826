"""Training on image files, decoded as they are read, beside the same pixels in memory."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import apical
from apical.data import load
from apical.data.dataset import Dataset
from apical.data.image_files.framings import AlexNet, Resized
from apical.data.image_files.rows import ImageRows
from apical.data.splits import Split
from apical.errors import DataError, UsageError
from apical.training.learner import Keys
from apical.training.reload import reload
from apical.training.stream import streamed
from tests.commands import apical as command
from tests.data.pictures import SIZE, folder, jpeg

BRIEF: dict[str, Any] = {"hidden": (6,), "epochs": 2, "batch_size": 4}


@pytest.fixture
def files(tmp_path):
    root = folder(tmp_path / "photos")
    return load(f"folder:{root}").framed(Resized(SIZE))


def in_memory(files: Dataset) -> Dataset:
    train, validation, test = (Split(np.asarray(s.x), s.y) for s in files.splits)
    return Dataset("arrays", train, validation, test, files.classes, files.preprocessing)


def measured(result):
    rows = [*result.initial, *result.metrics]
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in rows]


@pytest.mark.parametrize("augmentation", ["unchanged", "crop-flip:2"])
@pytest.mark.parametrize("at_once", [1, 2, 6])
def test_files_train_as_their_pixels_do_bit_for_bit(files, monkeypatch, at_once, augmentation):
    monkeypatch.setattr("apical.training.stream.CHUNK", at_once * 4 * SIZE * SIZE * 3)
    asked = {**BRIEF, "augmentation": augmentation}
    ours = apical.fit(apical.DFA(), files, **asked)
    theirs = apical.fit(apical.DFA(), in_memory(files), **asked)
    assert measured(ours) == measured(theirs)


def test_chunks_are_equally_long_and_no_larger_than_asked_for(files, monkeypatch):
    monkeypatch.setattr("apical.training.stream.CHUNK", 5 * 4 * SIZE * SIZE * 3)
    settings = apical.Settings(**BRIEF)
    transform = files.preprocessing.fit(files.splits).train
    stream = streamed(files.train, transform, settings)
    lengths = [len(chunk.order) for chunk in stream.chunks(1, Keys.of(0))]
    assert stream.steps == 6
    assert lengths == [3, 3]


def test_the_device_computes_on_the_decoded_images_themselves(files, monkeypatch):
    """On a CPU, which could only copy them: that takes a fifth of the time of decoding."""
    decoded, drawn = [], ImageRows.drawn

    def kept(*given):
        decoded.append(drawn(*given))
        return decoded[-1]

    monkeypatch.setattr(ImageRows, "drawn", kept)
    transform = files.preprocessing.fit(files.splits).train
    stream = streamed(files.train, transform, apical.Settings(**BRIEF))
    places = [chunk.x.unsafe_buffer_pointer() for chunk in stream.chunks(1, Keys.of(0))]
    assert places == [frames.ctypes.data for frames in decoded]


def in_order(key, examples, steps, size):
    return jnp.arange(steps * size).reshape(steps, size)


def pixels(files, epoch, seed):
    stream = streamed(
        files.train, files.preprocessing.fit(files.splits).train, apical.Settings(**BRIEF)
    )
    return np.concatenate([np.asarray(c.x) for c in stream.chunks(epoch, Keys.of(seed))])


def test_frames_depend_on_seed_epoch_and_image_alone(files, monkeypatch):
    monkeypatch.setattr("apical.training.stream.shuffled", in_order)
    drawn = files.framed(AlexNet(8, shorter=SIZE))
    once = pixels(drawn, 1, 0)
    monkeypatch.setattr("apical.training.stream.CHUNK", 1)
    assert np.array_equal(pixels(drawn, 1, 0), once)
    assert not np.array_equal(pixels(drawn, 2, 0), once)
    assert not np.array_equal(pixels(drawn, 1, 1), once)


def test_a_run_goes_on_bit_for_bit_and_is_read_again(files, tmp_path):
    out, asked = tmp_path / "run", {**BRIEF, "framing": AlexNet(8, shorter=SIZE)}
    whole = apical.fit(apical.BP(), files, **asked)
    apical.fit(apical.BP(), files.name, **{**asked, "epochs": 1}, out=out)
    longer = apical.fit(apical.BP(), files.name, **asked, out=out, resume=True)
    assert measured(whole)[-1] == measured(longer)[-1]
    task, models = reload(out)
    assert task.data.shape == (8, 8, 3)
    assert models[0](np.asarray(task.data.test.x[:3])).shape == (3, 3)


def test_the_command_trains_attacks_and_predicts(files, tmp_path):
    out, root = tmp_path / "run", files.name
    said = command(
        "train", "bp", "--data", root, "--framing", "alexnet:8,12", "--hidden", 6, "--epochs", 1,
        "--batch-size", 4, "--out", out,
    )  # fmt: skip
    assert "test" in said
    command("evaluate", out)
    picture = next((tmp_path / "photos/val/n01").iterdir())
    assert "n0" in command("predict", out, picture)
    command("attack", out, "--examples", 6)


def test_a_damaged_image_ends_training_by_name_or_is_left_out(tmp_path):
    root = folder(tmp_path / "photos")
    (root / "train/n03/n03_2.JPEG").write_bytes(b"damaged")
    asked = (
        "train", "bp", "--data", f"folder:{root}", "--framing", "resized:8", "--hidden", 6,
        "--epochs", 1, "--batch-size", 4, "--out", tmp_path / "run",
    )  # fmt: skip
    said = command(*asked, code=1)
    assert "n03_2.JPEG: cannot be read as an image" in said
    assert len(said.splitlines()) == 1
    said = command(*asked, "--skip-damaged")
    assert "left out 1 images that cannot be decoded: train/n03/n03_2.JPEG" in said
    assert "n03_2.JPEG" in (tmp_path / "run/config.json").read_text()
    command("evaluate", tmp_path / "run")
    with pytest.raises(DataError, match="n03_2"):
        apical.fit(apical.BP(), f"folder:{root}", framing="resized:8", **BRIEF)


def test_seeds_of_files_train_one_after_the_other(files):
    with pytest.raises(UsageError, match="together: needs one set of raw examples"):
        apical.fit(apical.BP(), files, **BRIEF, seeds=2, together=True)
    assert len(apical.fit(apical.BP(), files, **BRIEF, seeds=2).models) == 2


def test_the_commands_tell_top5_of_many_classes(tmp_path):
    root = tmp_path / "photos"
    for label in range(50):
        for split, count in (("train", 3), ("val", 1)):
            for number in range(count):
                path = root / split / f"c{label:02}" / f"{number}.JPEG"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(jpeg(label))
    out = tmp_path / "run"
    asked = ("--data", f"folder:{root}", "--framing", "resized:8", "--hidden", 6, "--epochs", 1)
    assert "top5 accuracy" in command("train", "bp", *asked, "--batch-size", 50, "--out", out)
    assert "top5 accuracy" in command("evaluate", out)
