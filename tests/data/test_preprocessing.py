"""The maths of the affine maps, and that only the training split is looked at."""

import dataclasses
import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.data import Centre, Dataset, Scale, Split, Standardise, UnitRange, load
from apical.data.preprocessing import Affine
from apical.errors import UsageError


def toy(*shape: int, dtype=np.uint8, sizes=(9000, 50, 60)) -> Dataset:
    draw = np.random.default_rng(0)
    spread = draw.uniform(1, 20, shape)
    parts = [
        Split(
            (draw.normal(128, 1, (n, *shape)) + (i + spread) * draw.normal(size=(n, *shape)))
            .clip(0, 255)
            .astype(dtype),
            np.zeros(n, np.int32),
        )
        for i, n in enumerate(sizes)
    ]
    train, validation, test = parts
    return Dataset("toy", train, validation, test, ("a", "b"), Scale())


def test_scale_maps_bytes_to_the_unit_interval():
    maps = Scale(255.0).fit(toy(3).splits)
    x = np.array([[0, 51, 255]], np.uint8)
    np.testing.assert_allclose(maps.test(x), [[0, 0.2, 1]], rtol=1e-6)
    assert maps.train is maps.test


@pytest.mark.parametrize(
    ("shape", "axes"), [((4,), (0,)), ((5, 6), (0, 1, 2)), ((5, 6, 3), (0, 1, 2))]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_standardise_is_per_feature_or_channel_of_the_training_split(shape, axes, dtype):
    data = toy(*shape, dtype=dtype)
    maps = Standardise().fit(data.splits)
    z = np.asarray(maps.train(data.train.x), np.float64)
    np.testing.assert_allclose(z.mean(axes), 0, atol=2e-5)
    np.testing.assert_allclose(z.std(axes), 1, rtol=1e-4)
    x = data.train.x.astype(np.float64)
    expected = (data.test.x - x.mean(axes)) / x.std(axes)
    np.testing.assert_allclose(maps.test(data.test.x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("value", [0.1, 0.0, 255.0, 1e-8])
def test_a_constant_feature_becomes_zero(value):
    # In float64 the rounded mean of many 0.1 is not 0.1: the deviation would be about 1e-15.
    data = toy(3, dtype=np.float64)
    data.train.x[:, 1] = value
    affine = Standardise().fit(data.splits).train
    assert affine.scale[1] == 1
    np.testing.assert_allclose(affine(data.train.x)[:, 1], 0, atol=1e-6)


def test_centre_subtracts_the_training_mean_of_every_pixel():
    data = toy(5, 6, 3)
    maps = Centre(255.0).fit(data.splits)
    mean = data.train.x.mean(0, dtype=np.float64)
    np.testing.assert_allclose(maps.test(data.test.x), (data.test.x - mean) / 255, atol=1e-6)


def test_centre_per_split_subtracts_each_splits_own_mean():
    data = toy(5, 6)
    maps = Centre(1.0, per_split=True).fit(data.splits)
    for part in ("train", "validation", "test"):
        z = getattr(maps, part)(getattr(data, part).x)
        np.testing.assert_allclose(np.asarray(z, np.float64).mean(0), 0, atol=1e-4)
    assert not np.allclose(maps.train.shift, maps.test.shift)


@pytest.mark.parametrize("recipe", [Scale(), Centre(), Standardise()])
def test_held_out_splits_are_never_looked_at(recipe):
    data = toy(5, 6)
    other = replace(data, test=data.validation, validation=data.test)
    a, b = recipe.fit(data.splits).test, recipe.fit(other.splits).test
    assert jax.tree.all(jax.tree.map(lambda p, q: bool((p == q).all()), a, b))


@pytest.mark.parametrize("recipe", [Scale(), Centre(per_split=True), Standardise()])
def test_recipes_are_plain_values(recipe):
    assert hash(recipe) == hash(replace(recipe))
    assert recipe == replace(recipe)
    fields = json.loads(json.dumps(dataclasses.asdict(recipe)))
    assert type(recipe)(**fields) == recipe


def test_the_map_works_inside_a_compiled_step_on_bytes():
    affine = Affine.of(np.full((2,), 3.0), 0.5)
    x = np.array([[1, 5]], np.uint8)
    out = jax.jit(lambda a, b: a(b))(affine, x)
    assert out.dtype == jnp.float32
    np.testing.assert_array_equal(out, [[-1, 1]])  # no wrap-around below zero


def test_float64_is_kept_when_jax_keeps_it():
    with jax.enable_x64(True):
        affine = Affine.of(0.1, 1 / 3)
        out = affine(np.array([0.4]))
        assert out.dtype == jnp.float64
        np.testing.assert_allclose(out, [0.1], rtol=1e-15)
        assert affine(np.array([4], np.uint8)).dtype == jnp.float32


@pytest.mark.parametrize("maximum", [0, -1.0, float("nan"), float("inf"), "255", None, True])
@pytest.mark.parametrize("recipe", [Scale, Centre])
def test_maximum_must_be_positive(recipe, maximum):
    with pytest.raises(UsageError, match=r"maximum.*: must be a (positive finite )?number"):
        recipe(maximum)


def test_a_flag_is_true_or_false():
    with pytest.raises(UsageError, match="per_split of centre: must be True or False, got 'no'"):
        Centre(per_split="no")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_default_of_images_is_the_whole_unit_interval(name):
    data = load(name)
    z = np.asarray(data.preprocessing.fit(data.splits).train(data.train.x[:1000]))
    assert z.min() == 0
    assert z.max() == 1


@pytest.mark.parametrize(("shape", "apart"), [((3,), True), ((2, 3), False)])
def test_the_unit_range_is_that_of_the_training_split(shape, apart):
    """Vectors feature by feature, images as a whole; other splits may lie outside."""
    data = toy(*shape, dtype=np.float32)
    data.train.x[:, ..., 0] = 5.0
    data.test.x[0] = 1000
    maps = UnitRange().fit(data.splits)
    u = np.asarray(maps.train(data.train.x))
    assert (u.min(), u.max()) == pytest.approx((0, 1), abs=1e-6)
    assert float(maps.test(data.test.x).max()) > 1
    if apart:
        np.testing.assert_allclose(u.max(axis=0), [0, 1, 1], atol=1e-6)
