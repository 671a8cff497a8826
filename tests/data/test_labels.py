"""Labels beside the examples."""

import numpy as np
import pytest

from apical.data import Scale, Standardise, from_arrays, load, with_labels
from apical.errors import UsageError

from . import pictures


@pytest.fixture(scope="module")
def digits():
    return load("digits")


def test_each_example_is_its_features_and_its_label(digits):
    data = with_labels(digits)
    assert (data.name, data.shape, data.features) == ("digits+labels", (74,), (8, 8))
    for ours, theirs in zip(data.splits, digits.splits, strict=True):
        assert np.array_equal(data.without_labels(ours.x), theirs.x)
        assert np.array_equal(ours.x[:, 64:], 16 * np.eye(10)[theirs.y])
        assert np.array_equal(ours.y, theirs.y)
        assert ours.x.dtype == np.uint8
    scaled = data.preprocessing.fit(data.splits).train(data.train.x[:3])
    assert np.array_equal(scaled[:, 64:], np.eye(10)[data.train.y[:3]])
    assert data.without_labels(scaled).shape == (3, 8, 8)


def test_by_name_it_is_the_same(digits):
    named, made = load("digits+labels", seed=3), with_labels(load("digits", seed=3))
    for ours, theirs in zip(named.splits, made.splits, strict=True):
        assert np.array_equal(ours.x, theirs.x)
    assert (named.name, named.features) == (made.name, made.features)


def test_chosen_classes_have_as_many_values(digits):
    ours, theirs = (with_labels(digits).select([7, 2]), with_labels(digits.select([7, 2])))
    for a, b in zip(ours.splits, theirs.splits, strict=True):
        assert np.array_equal(a.x, b.x)
        assert np.array_equal(a.y, b.y)
    assert len(with_labels(digits).limit(3).train) == 30


@pytest.mark.parametrize(
    ("preprocessing", "one"), [(None, 1.0), (Scale(5.0), 5.0), (Standardise(), 1.0)]
)
def test_of_numbers_the_value_of_a_class_is_what_scaling_makes_one(preprocessing, one):
    x = np.random.default_rng(0).uniform(size=(30, 4)).astype(np.float32)
    data = with_labels(from_arrays(x, np.arange(30) % 3, preprocessing=preprocessing))
    assert data.train.x.dtype == np.float32
    assert set(np.unique(data.train.x[:, 4:])) == {0.0, one}
    assert data.without_labels(data.test.x).shape == (6, 4)


def test_without_labels_nothing_is_left_out(digits):
    assert digits.without_labels(digits.test.x) is digits.test.x
    assert digits.shape_without_labels == digits.shape


@pytest.mark.parametrize("name", ["digits+lables", "dgits+labels"])
def test_other_names_are_refused(name):
    with pytest.raises(UsageError, match="did you mean 'digits'"):
        load(name)


def test_labels_are_given_once(digits):
    with pytest.raises(UsageError, match=r"digits\+labels has labels beside its features"):
        with_labels(with_labels(digits))


def test_image_files_take_no_labels_and_a_folder_may_be_called_so(tmp_path):
    files = load(f"folder:{pictures.folder(tmp_path / 'cats+labels')}")
    assert not files.features
    with pytest.raises(UsageError, match="are image files, which are decoded when they are read"):
        with_labels(files)
