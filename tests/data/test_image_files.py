"""Image folders and tar files: every layout, what is refused, decoding, frames, and the cache."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from apical.data import Standardise, load
from apical.data.image_files.decoding import decode
from apical.data.image_files.framings import AlexNet, RandomResized, Resized
from apical.data.image_files.layouts import layout
from apical.data.image_files.rows import ImageRows
from apical.data.image_files.source import tree_at
from apical.data.image_files.trees import Place, of_tar
from apical.data.splits import Split, Splits
from apical.errors import DataError, UsageError
from tests.data.pictures import CLASSES, SIZE, files_of, folder, jpeg, tar


def described(root):
    """Class by name of each image of train and val, as the layout tells."""
    found = layout(tree_at(root))
    assert found.val
    return [
        {p.name.split("/")[-1]: found.classes[n] for p, n in zip(*part, strict=True)}
        for part in (found.train, found.val)
    ]


@pytest.fixture
def photos(tmp_path):
    return folder(tmp_path / "photos")


# Layouts


def expected(root):
    return [
        {path.name: path.parent.name for path in (root / split).rglob("*.JPEG")}
        for split in ("train", "val")
    ]


def test_a_tar_file_tells_what_its_folder_tells(photos, tmp_path):
    told = expected(photos)
    assert described(photos) == told
    assert len(told[0]) == 30
    assert len(told[1]) == 12
    within = {f"deep/in/{name}": raw for name, raw in files_of(photos).items()}
    (tmp_path / "alone").mkdir()
    packed = tar(tmp_path / "alone" / "any.tar", within)
    assert described(packed) == told
    assert described(packed.parent) == told
    a, b = (layout(tree_at(place)).train.images for place in (photos, packed))
    assert [one.read() for one in a] == [one.read() for one in b]


def flat_val(root):
    """Put all of val/ together; class by file name."""
    told = {}
    for path in sorted((root / "val").rglob("*.JPEG")):
        told[path.name] = path.parent.name
        path.rename(root / "val" / path.name)
    for name in CLASSES:
        (root / "val" / name).rmdir()
    return told


def test_every_file_that_tells_classes_is_read(photos):
    wanted = expected(photos)
    told = flat_val(photos)
    names = sorted(told)
    number = {"n01": 3, "n02": 1, "n03": 2}
    written = {
        "val/val_annotations.txt": "\n".join(f"{n}\t{told[n]}\t0\t0\t9\t9" for n in names),
        "LOC_val_solution.csv": "ImageId,PredictionString\n"
        + "\n".join(f"{n.removesuffix('.JPEG')},{told[n]} 1 2 3 4" for n in names),
        "imagenet_2012_validation_synset_labels.txt": "\n".join(told[n] for n in names),
        "devkit/data/ILSVRC2012_validation_ground_truth.txt": "\n".join(
            str(number[told[n]]) for n in names
        ),
    }
    (photos / "devkit/data").mkdir(parents=True)
    synsets(photos / "devkit/data/meta.mat", number)
    for path, text in written.items():
        (photos / path).write_text(text)
        assert described(photos) == wanted, path
        (photos / path).unlink()


def synsets(path, number):
    """The development kit's table, with a synset that has children, which is no class."""
    kinds = [("ILSVRC2012_ID", int), ("WNID", object), ("words", object), ("num_children", int)]
    rows = [(n, wnid, "a thing", 0) for wnid, n in number.items()] + [(4, "n99", "things", 3)]
    savemat(path, {"synsets": np.array(rows, kinds)})


def test_imagenets_own_tar_files_are_read_as_they_are(photos, tmp_path):
    wanted = expected(photos)
    home = tmp_path / "imagenet"
    home.mkdir()
    inner = {
        f"{name}.tar": tar(
            tmp_path / f"{name}.tar",
            {p.name: p.read_bytes() for p in (photos / "train" / name).iterdir()},
        ).read_bytes()
        for name in CLASSES
    }
    tar(home / "ILSVRC2012_img_train.tar", inner)
    told = flat_val(photos)
    tar(home / "ILSVRC2012_img_val.tar", {n: (photos / "val" / n).read_bytes() for n in told})
    (home / "synset_labels.txt").write_text("\n".join(told[n] for n in sorted(told)))
    assert described(home) == wanted
    place = layout(tree_at(home)).train.images[0]
    assert place.read() == (photos / "train/n01" / place.name.split("/")[-1]).read_bytes()


# Refusals


def no_class(root):
    (root / "train/n04").mkdir()


def strange_class(root):
    (root / "val/n09").mkdir()
    (root / "val/n09/a.JPEG").write_bytes(jpeg(1))


def no_train(root):
    (root / "train").rename(root / "training")


def one_class(root):
    for name in ("n02", "n03"):
        (root / "train" / name).rename(root / name)


def untold(root):
    flat_val(root)


def too_short(root):
    flat_val(root)
    (root / "synset_labels.txt").write_text("n01\n")


def unknown_class(root):
    told = flat_val(root)
    (root / "synset_labels.txt").write_text("\n".join("n77" for _ in told))


def lacks_a_line(root):
    told = flat_val(root)
    lines = [f"{n}\t{c}" for n, c in sorted(told.items())][1:]
    (root / "val/val_annotations.txt").write_text("\n".join(lines))


def lacks_an_image(root):
    told = flat_val(root)
    lines = [f"{n}\t{c}" for n, c in told.items()] + ["ghost.JPEG\tn01"]
    (root / "val/val_annotations.txt").write_text("\n".join(lines))


def no_such_number(root):
    no_meta(root)
    synsets(root / "meta.mat", {"n01": 2, "n02": 3, "n03": 5})  # 1 is none, and 4 has children
    (root / "ILSVRC2012_validation_ground_truth.txt").write_text("4\n" * 12)


def no_meta(root):
    told = flat_val(root)
    (root / "ILSVRC2012_validation_ground_truth.txt").write_text("\n".join("1" for _ in told))


def broken_meta(root):
    no_meta(root)
    (root / "meta.mat").write_bytes(b"no matrix")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (no_class, r"train/n04: expected images .* found none"),
        (strange_class, r"val/n09: expected a class of train/"),
        (no_train, r"photos: expected train/<class>/<image>.* found training, val"),
        (one_class, r"train: expected a folder for each of two classes or more, found n01"),
        (untold, r"val: expected folders of classes, or a file that tells the class"),
        (too_short, r"synset_labels.txt: expected a line for each of 12 images, found 1"),
        (unknown_class, r"synset_labels.txt: expected classes of train/, found 'n77'"),
        (lacks_a_line, r"val_annotations.txt: expected the class of .*n01_0.JPEG, found none"),
        (lacks_an_image, r"val_annotations.txt: expected an image .* found none for ghost.JPEG"),
        (no_meta, r"ground_truth.txt: expected meta.mat"),
        (no_such_number, r"ground_truth.txt: expected numbers .*, found '4'"),
        (broken_meta, r"meta.mat: expected the development kit's synsets, found damage"),
    ],
)
def test_a_wrong_tree_is_named(photos, spoil, named):
    spoil(photos)
    with pytest.raises(DataError, match=named):
        load(f"folder:{photos}")


def test_a_wrong_tar_file_is_named(photos, tmp_path):
    whole = tar(tmp_path / "a.tar", files_of(photos)).read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[: len(whole) // 2 + 700])
    with pytest.raises(DataError, match=r"cut.tar: is cut off or damaged"):
        of_tar(cut)
    import gzip

    packed = tmp_path / "b.tar"
    packed.write_bytes(gzip.compress(whole))
    with pytest.raises(DataError, match=r"b.tar: is compressed"):
        of_tar(packed)
    with pytest.raises(DataError, match="points outside"):
        of_tar(tar(tmp_path / "c.tar", {"../train/n01/a.JPEG": b""}))
    with pytest.raises(DataError, match="expected a folder or a tar file here, found none"):
        load(f"folder:{tmp_path / 'nowhere'}")
    with pytest.raises(UsageError, match="names no path"):
        load("folder:")


# Data sets


def test_a_part_of_a_named_set_is_called_so(user, tmp_path):
    folder(user / "tiny-imagenet", size=64)
    found = load("tiny-imagenet")
    assert found.name == "tiny-imagenet-part-42"
    assert found.shape == (64, 64, 3)
    assert isinstance(found.train.x, np.ndarray)
    again = load(found.name)
    assert np.array_equal(again.train.x, found.train.x)
    with pytest.raises(DataError, match="expected as many images as the name says"):
        load("tiny-imagenet-part-41")


def test_validation_is_a_tenth_of_each_class_and_val_is_the_test_set(photos):
    found = load(f"folder:{photos}")
    assert [len(split) for split in found.splits] == [27, 3, 12]
    assert np.bincount(found.validation.y).tolist() == [1, 1, 1]
    files = [{f.name for f in split.x.files} for split in found.splits]
    assert len(files[0] | files[1]) == 30
    assert not files[0] & files[1]
    other = load(f"folder:{photos}", seed=1)
    assert {f.name for f in other.validation.x.files} != files[1]


def test_without_val_a_test_set_is_drawn(tmp_path):
    found = load(f"folder:{folder(tmp_path / 'p', train=20, val=0)}")
    assert [len(split) for split in found.splits] == [48, 6, 6]


def test_classes_can_be_chosen_and_training_limited(photos):
    found = load(f"folder:{photos}").select([2, 0]).limit(4)
    assert found.classes == ("n03", "n01")
    assert len(found.train) == 8
    names = [found.train.x.files[row].name.split("/")[1] for row in found.train.x.rows]
    assert names == [found.classes[label] for label in found.train.y]


# Decoding


def one(raw, name="a.JPEG", tmp_path=None):
    (tmp_path / name).write_bytes(raw)
    return decode(Place(name, tmp_path / name))


def by_pillow(raw):
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"mode": "L"},
        {"mode": "CMYK"},
        {"progressive": True},
        {"format": "PNG"},
        {"mode": "L", "format": "PNG"},
    ],
)
def test_pixels_are_those_that_pillow_shows(how, tmp_path):
    raw = jpeg(3, 20, 30, **how)
    assert np.abs(one(raw, tmp_path=tmp_path).astype(int) - by_pillow(raw)).max() <= 1


def test_an_image_is_turned_as_its_camera_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = one(jpeg(3, 20, 30, exif=exif), tmp_path=tmp_path)
    assert lying.shape == (30, 20, 3)
    assert np.abs(lying.astype(int) - np.rot90(by_pillow(jpeg(3, 20, 30)), -1)).max() <= 1


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (jpeg(3, 40, 40)[:-60], "truncated"),
        (b"no image at all", "in no format that Pillow knows"),
        (b"", "in no format that Pillow knows"),
    ],
)
def test_a_damaged_image_is_named_and_can_be_left_out(photos, raw, why):
    name = "train/n02/n02_7.JPEG"
    (photos / name).write_bytes(raw)
    found = load(f"folder:{photos}")
    with pytest.raises(DataError, match=f"{name}: cannot be read as an image .*{why}"):
        list(found.train.read(5)), list(found.validation.read(5))
    left = load(f"folder:{photos}", skip_damaged=True)
    assert left.left_out == (name,)
    assert len(left.train) + len(left.validation) == 29
    for split in left.splits:
        list(split.read(5))
    again = load(f"folder:{photos}", left_out=left.left_out)
    assert again.train.checksum() == left.train.checksum() != found.train.checksum()


def test_a_class_without_a_whole_image_is_named(photos):
    for path in (photos / "train/n02").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="train/n02: none of its images can be decoded"):
        load(f"folder:{photos}", skip_damaged=True)


def test_only_image_files_can_be_left_out():
    with pytest.raises(UsageError, match="skip_damaged: is for image files, and iris"):
        load("iris", skip_damaged=True)


# Frames


def ramp(rows, columns):
    """An image whose red is its row and whose green is its column."""
    red, green = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    return np.stack([red, green, 0 * red], axis=2).astype(np.uint8)


def test_the_frame_for_measuring_is_in_the_middle():
    wide = ramp(100, 200)
    found = Resized(100)(wide)
    assert np.array_equal(found, wide[:, 50:150])
    found = AlexNet(50, shorter=100)(wide)
    assert np.array_equal(found, wide[25:75, 75:125])
    assert np.array_equal(RandomResized(50, shorter=100)(wide), found)
    assert Resized(100)(ramp(100, 100)).tolist() == ramp(100, 100).tolist()


def test_alexnets_frames_are_whole_squares_of_the_middle_square():
    wide, corners, mirrored = ramp(100, 200), [], 0
    for seed in range(200):
        frame = AlexNet(50, shorter=100).drawn(wide, np.random.default_rng(seed))
        green = frame[0, :, 1].astype(int)
        step = green[-1] - green[0]
        assert abs(abs(step) - 49) <= 1
        mirrored += step < 0
        corners.append((int(frame[0, 0, 0]), int(min(green))))
    rows, columns = np.array(corners).T
    assert rows.min() <= 3
    assert rows.max() >= 47
    assert columns.min() <= 53
    assert columns.max() >= 97
    assert 70 < mirrored < 130
    still = AlexNet(50, shorter=100, mirror=False)
    assert all(
        np.diff(still.drawn(wide, np.random.default_rng(s))[0, :, 1].astype(int)).min() >= 0
        for s in range(20)
    )


def test_random_rectangles_have_the_area_and_aspect_that_were_asked_for():
    framing, image = (
        RandomResized(32, shorter=32, least=0.25, aspect=1.5, mirror=False),
        ramp(120, 120),
    )
    for seed in range(200):
        left, top, right, bottom = framing._box(image, np.random.default_rng(seed))
        wide, high = right - left, bottom - top
        assert 0.25 - 1e-9 <= wide * high / 120**2 <= 1 + 1e-9
        assert 1 / 1.5 - 1e-9 <= wide / high <= 1.5 + 1e-9
        assert left >= 0
        assert top >= 0
        assert right <= 120
        assert bottom <= 120


def test_a_wrong_framing_is_named():
    with pytest.raises(UsageError, match="size"):
        Resized(0)
    with pytest.raises(UsageError, match="shorter of alexnet: must be 224 or more"):
        AlexNet(shorter=100)
    with pytest.raises(UsageError, match="least of random-resized"):
        RandomResized(least=0.0)
    with pytest.raises(UsageError, match="framing: is for image files, and the examples of iris"):
        load("iris").framed(Resized(8))


# Rows and the cache


def test_rows_are_an_array(photos):
    split = load(f"folder:{photos}").framed(Resized(SIZE)).train
    whole = np.asarray(split.x)
    assert whole.shape == split.x.shape
    assert whole.dtype == split.x.dtype
    assert np.array_equal(np.asarray(split.x[3:9]), whole[3:9])
    mask = split.y == 1
    assert np.array_equal(np.asarray(split.take(mask).x), whole[mask])
    parts = [x for x, _ in split.read(4)]
    assert [len(part) for part in parts] == [4] * 6 + [3]
    assert np.array_equal(np.concatenate(parts), whole)


def test_preprocessing_of_files_is_that_of_their_pixels(photos, monkeypatch):
    monkeypatch.setattr("apical.data.preprocessing.CHUNK", 5)
    files = load(f"folder:{photos}").framed(Resized(SIZE))
    arrays = Splits(*(Split(np.asarray(s.x), s.y) for s in files.splits))
    for fit in (Standardise().fit,):
        a, b = fit(files.splits).train, fit(arrays).train
        assert np.array_equal(a.shift, b.shift)
        assert np.array_equal(a.scale, b.scale)


def kept(cache):
    return sorted((cache / "image-files").rglob("*.npy"))


def test_small_images_are_decoded_once(user, cache, monkeypatch):
    folder(user / "tiny-imagenet", size=64)
    first = load("tiny-imagenet")
    monkeypatch.setattr(ImageRows, "__array__", None)  # nothing is decoded any more
    again = load("tiny-imagenet")
    assert np.array_equal(first.train.x, again.train.x)
    assert len(kept(cache)) == 3
    assert not list((cache / "image-files").rglob(".partial*"))


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-100], lambda raw: raw[:-1] + b"x", lambda _: b""]
)
def test_a_damaged_cache_is_made_anew(user, cache, damage):
    folder(user / "tiny-imagenet", size=64)
    whole = np.array(load("tiny-imagenet").train.x)
    for path in kept(cache):
        path.write_bytes(damage(path.read_bytes()))
    assert np.array_equal(load("tiny-imagenet").train.x, whole)


def test_changed_files_are_decoded_again(user, cache):
    root = folder(user / "tiny-imagenet", size=64)
    load("tiny-imagenet")
    other = jpeg(7, 64, 64, quality=20)
    for path in (root / "train/n01").iterdir():
        path.write_bytes(other.ljust(path.stat().st_size, b"\0"))  # of the same size
    changed = load("tiny-imagenet")
    assert (changed.train.x[changed.train.y == 0] == by_pillow(other)).all()


def test_a_cache_that_cannot_be_written_is_told(user, cache):
    folder(user / "tiny-imagenet", size=64)
    cache.write_text("a file in its place")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = load("tiny-imagenet")
    assert len(found.train) == 27
    assert any("will be decoded again: cannot write" in str(w.message) for w in told)
