"""MNIST, iris and digits: the canonical bytes, and splits that are what they say."""

import hashlib
import lzma
import subprocess
import sys

import numpy as np
import pytest

from apical.data import load, names, source
from apical.data.source import ScikitLearn, VerifiedSource
from apical.data.sources import SOURCES
from apical.errors import DataError, UsageError

CANONICAL = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


@pytest.fixture(scope="module")
def mnist():
    return load("mnist")


@pytest.fixture(scope="module")
def raw():
    folder = source.FOLDER / "mnist"
    return {name: lzma.decompress((folder / f"{name}.xz").read_bytes()) for name in CANONICAL}


def digests(images):
    """The sorted digests of the images: equal lists, equal multisets."""
    return sorted(hashlib.md5(image).digest() for image in np.ascontiguousarray(images))


def test_bundled_content_is_canonical(raw):
    assert {name: hashlib.md5(r).hexdigest() for name, r in raw.items()} == CANONICAL


def test_bundle_is_small_and_attributed():
    folder = source.FOLDER / "mnist"
    assert sum(f.stat().st_size for f in folder.iterdir()) < 9_300_000
    assert "LeCun" in (folder / "README.md").read_text()
    assert "Attribution-ShareAlike 3.0" in (folder / "LICENSE").read_text()


def test_mnist_train_and_validation_partition_the_60000(mnist, raw):
    images = np.frombuffer(raw["train-images-idx3-ubyte"], np.uint8, offset=16).reshape(-1, 784)
    labels = np.frombuffer(raw["train-labels-idx1-ubyte"], np.uint8, offset=8)
    parts = (mnist.train, mnist.validation)
    # Each image with its label: nothing lost, nothing in both, no label moved.
    labelled = [np.c_[p.x.reshape(-1, 784), p.y.astype(np.uint8)] for p in parts]
    assert digests(np.concatenate(labelled)) == digests(np.c_[images, labels])


def test_mnist_test_set_is_the_canonical_one_in_order(mnist, raw):
    images = np.frombuffer(raw["t10k-images-idx3-ubyte"], np.uint8, offset=16)
    labels = np.frombuffer(raw["t10k-labels-idx1-ubyte"], np.uint8, offset=8)
    assert np.array_equal(mnist.test.x, images.reshape(-1, 28, 28))
    assert np.array_equal(mnist.test.y, labels)


@pytest.mark.parametrize("name", ["mnist", "iris", "digits"])
def test_sizes_shapes_and_dtypes_are_as_listed(name):
    dataset, source = load(name), SOURCES[name]
    assert isinstance(source, VerifiedSource)
    parts = (dataset.train, dataset.validation, dataset.test)
    assert tuple(map(len, parts)) == source.sizes
    assert dataset.shape == source.shape
    assert dataset.n_classes == len(source.classes)
    for part in parts:
        assert part.x.shape == (len(part), *source.shape)
        assert part.x.dtype == (np.float32 if name == "iris" else np.uint8)
        assert part.y.dtype == np.int32
        assert part.y.shape == (len(part),)
        assert set(part.y.tolist()) == set(range(dataset.n_classes))


@pytest.mark.parametrize("name", ["iris", "digits"])
def test_small_sets_are_partitioned_and_stratified(name):
    dataset = load(name, seed=3)
    parts = (dataset.train, dataset.validation, dataset.test)
    source = SOURCES[name]
    assert isinstance(source, VerifiedSource)
    origin = source.origin
    assert isinstance(origin, ScikitLearn)
    x, y = origin.fetch()
    flat = np.concatenate([p.x for p in parts]).reshape(len(y), -1)
    whole = x.reshape(len(y), -1)
    assert np.array_equal(flat[np.lexsort(flat.T)], whole[np.lexsort(whole.T)])
    for part in parts:
        expected = np.bincount(y) * len(part) / len(y)
        assert np.all(np.abs(np.bincount(part.y) - expected) <= 1)


@pytest.mark.parametrize("name", ["mnist", "iris", "digits"])
def test_the_seed_alone_decides_the_draw(name):
    first, again, other = load(name, seed=1), load(name, seed=1), load(name, seed=2)
    for part in ("train", "validation", "test"):
        a, b = getattr(first, part), getattr(again, part)
        assert np.array_equal(a.x, b.x)
        assert np.array_equal(a.y, b.y)
    assert not np.array_equal(first.validation.x, other.validation.x)
    assert np.array_equal(first.test.x, other.test.x) == (name == "mnist")


def test_a_damaged_bundle_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "mnist"
    folder.mkdir()
    for file in (source.FOLDER / "mnist").glob("*.xz"):
        (folder / file.name).write_bytes(file.read_bytes())
    short = folder / "t10k-labels-idx1-ubyte.xz"
    short.write_bytes(short.read_bytes()[:-100])
    monkeypatch.setattr(source, "FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.xz"):
        load("mnist")


@pytest.mark.parametrize("name", [None, 3, ["mnist"]])
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(UsageError, match="data set: there is no"):
        load(name)


def test_unknown_name_lists_the_known_and_the_nearest():
    with pytest.raises(UsageError) as error:
        load("mnits")
    assert "did you mean 'mnist'" in str(error.value)
    assert all(name in str(error.value) for name in names())


@pytest.mark.parametrize("seed", [-1, 0.5, True, "0", 2**32])
def test_a_seed_must_be_a_natural_number(seed):
    with pytest.raises(UsageError, match="seed="):
        load("iris", seed=seed)


def test_import_is_light():
    code = (
        "import sys, apical; before = set(sys.modules); import apical.data;"
        "print({'jax', 'equinox', 'sklearn', 'PIL', 'rich'} & set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
