"""A trained model: the prior, samples, completions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import IteratedTargetProp, UsageError
from apical.generative import generative_model
from apical.generative.generative_model import GenerativeModel
from apical.generative.inference import Inference, infer, observed
from apical.generative.masks import Drawn, Left, Lower, Right, Scattered, Upper
from apical.generative.sampling import Prior
from apical.generative.stack import Stack
from apical.generative.stages import From
from tests.generative.tiny import SMALL

STAGE = From(0, (0.5,), (1.0,), (0.1,), (0.1,))


@pytest.fixture(scope="module")
def trained(blobs) -> GenerativeModel:
    return IteratedTargetProp((8, 4), stages=(STAGE,)).fit(blobs, **SMALL).models[0]


def test_inference_is_the_models_on_preprocessed_examples(trained, blobs):
    raw = blobs.test.x[:7]
    expected = jax.jit(trained.model.infer)(trained.stack, raw.reshape(7, -1) / 255)
    for a, b in zip(trained.infer(raw), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert trained.log_joint(raw).shape == (7,)
    assert trained.infer(raw[:0])[1].shape == (0, 4)


def test_chunks_change_nothing(trained, blobs, monkeypatch):
    whole = trained.infer(blobs.test.x)
    monkeypatch.setattr(generative_model, "CHUNK", 7)
    for a, b in zip(trained.infer(blobs.test.x), whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_the_prior_has_the_moments_of_what_is_inferred_from_the_training_set(trained, blobs):
    tops = trained.infer(blobs.train.x)[-1]
    np.testing.assert_allclose(trained.prior.mean, tops.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(trained.prior.variance, tops.var(axis=0), rtol=1e-3)


draw = jax.jit(Prior.draw)


def test_draws_from_the_prior_have_its_mean_and_the_variance_times_the_factor():
    prior = Prior(jnp.array([1.0, -2.0]), jnp.array([0.25, 9.0]))
    drawn = np.asarray(draw(prior, jax.random.key(0), np.arange(20_000), 4.0))
    np.testing.assert_allclose(drawn.mean(axis=0), prior.mean, atol=0.15)
    np.testing.assert_allclose(drawn.var(axis=0), 4 * np.asarray(prior.variance), rtol=0.05)


def test_without_rounds_sampling_is_ancestral(trained):
    top = draw(trained.prior, jax.random.key(3), np.arange(5), 4.0)
    expected = np.reshape(jax.jit(Stack.decode)(trained.stack, top), (5, 4, 4))
    np.testing.assert_allclose(trained.sample(5, seed=3, rounds=0), expected, rtol=1e-5)


def test_a_round_infers_and_decodes_the_first_layer(trained):
    stack, by = trained.stack, Inference(trained.model.steps, 0.1, 0.3)

    @jax.jit
    def again(x):
        h = infer(stack, observed(stack, x, by), stack.encode(x), by)
        return stack.decoders[0](h[0])

    x = trained.sample(5, seed=3, rounds=0).reshape(5, -1)
    for rounds in (1, 2):
        x = again(x)
        found = trained.sample(5, seed=3, rounds=rounds).reshape(5, -1)
        np.testing.assert_allclose(found, x, rtol=1e-4)


def test_a_sample_does_not_depend_on_how_many_there_are(trained, monkeypatch):
    many = trained.sample(12, seed=1)
    monkeypatch.setattr(generative_model, "CHUNK", 5)
    np.testing.assert_allclose(trained.sample(7, seed=1), many[:7], rtol=1e-5)
    given = {"rounds": 0, "variance_factor": 1e4}
    first, other = (trained.sample(7, seed=seed, **given) for seed in (1, 2))
    assert np.abs(first - other).max() > 0.01


@pytest.mark.parametrize("missing", [Left(), Right(), Upper(), Lower(), Scattered(0.3)])
def test_what_is_known_is_never_changed_and_the_rest_is_filled_in(trained, blobs, missing):
    raw = blobs.test.x[:6]
    known = missing.known((4, 4), seed=0)
    assert 0 < known.sum() < 16
    given = trained.rows(raw).reshape(raw.shape)
    begun, filled = (trained.inpaint(raw, known, rounds=n) for n in (0, 5))
    for found in (begun, filled):
        assert np.array_equal(found[:, known], given[:, known])
    assert not np.allclose(filled[:, ~known], begun[:, ~known])
    # Nothing of what is missing is looked at.
    other = np.where(known, raw, 255 - raw)
    assert np.array_equal(trained.inpaint(other, known, rounds=5), filled)


def test_the_gaps_are_inferred_at_the_models_alpha_unless_another_is_asked_for(trained, blobs):
    raw, known = blobs.test.x[:6], Left().known((4, 4), 0)
    default, same, other = (
        trained.inpaint(raw, known, **given)
        for given in ({}, {"alpha": trained.model.alpha}, {"alpha": 0.3})
    )
    assert np.array_equal(default, same)
    assert not np.array_equal(default, other)


def test_many_rounds_are_several_programs_so_that_ctrl_c_is_heard(trained, blobs, monkeypatch):
    raw, known = blobs.test.x[:6], Left().known((4, 4), 0)
    whole = trained.sample(6, rounds=5), trained.inpaint(raw, known, rounds=5)
    lengths, complete = [], generative_model._complete

    def counted(*args, rounds, **given):
        lengths.append(rounds)
        return complete(*args, rounds=rounds, **given)

    monkeypatch.setattr(generative_model, "ROUNDS", 2)
    monkeypatch.setattr(generative_model, "_complete", counted)
    assert np.array_equal(trained.sample(6, rounds=5), whole[0])
    assert np.array_equal(trained.inpaint(raw, known, rounds=5), whole[1])
    assert lengths == [2, 2, 1]


def test_every_example_may_have_a_mask_of_its_own(trained, blobs):
    raw = blobs.test.x[:3]
    masks = np.stack([m.known((4, 4), 0) for m in (Left(), Upper(), Scattered())])
    found = trained.inpaint(raw, masks, rounds=2)
    assert np.array_equal(found[masks], trained.rows(raw).reshape(raw.shape)[masks])


def test_filling_in_brings_images_nearer_to_the_truth(trained, blobs):
    raw, known = blobs.test.x, Left().known((4, 4), 0)
    truth = trained.rows(raw).reshape(raw.shape)
    begun, filled = (trained.inpaint(raw, known, rounds=n) for n in (0, 20))
    errors = [np.mean((x - truth)[:, ~known] ** 2) for x in (begun, filled)]
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m, x: m.sample(0), "count: must be 1 or more"),
        (lambda m, x: m.sample(2, rounds=-1), "rounds: must be 0 or more"),
        (lambda m, x: m.sample(2, alpha=float("nan")), "alpha: must be 0 or more and finite"),
        (lambda m, x: m.sample(2.5), "count: must be a whole number"),
        (lambda m, x: m.infer(x[0]), r"raw examples of shape \(n, 4, 4\)"),
        (
            lambda m, x: m.inpaint(x, np.ones((4, 3), bool)),
            r"known: must be True or False for each",
        ),
        (lambda m, x: m.inpaint(x, np.ones((4, 4))), "got float64 of shape"),
        (lambda m, x: m.inpaint(x, np.ones((4, 4), bool), seed=-1), "seed: must be 0 or more"),
        (lambda m, x: m.sample(2, seed=2**31), r"seed: must be 0 or more and below 2\^31, got"),
        (lambda m, x: Scattered().known((4, 4), -1), r"seed: must be 0 or more and below 2\^31"),
        (lambda m, x: m.sample(10**12), "count: so many samples needs .* free; lower count"),
        (
            lambda m, x: m.sample(2, alpha=1e19),
            r"alpha: steps of 1e\+19 lead 2 of 2 examples to numbers that are not finite",
        ),
    ],
)
def test_mistakes_are_told(trained, blobs, call, words):
    with pytest.raises(UsageError, match=words):
        call(trained, blobs.test.x[:2])


def test_a_mask_may_be_drawn(tmp_path):
    from PIL import Image

    shade = np.zeros((4, 4), np.uint8)
    shade[1] = 255
    Image.fromarray(shade).save(tmp_path / "mask.png")
    known = Drawn(str(tmp_path / "mask.png")).known((4, 4), 0)
    assert np.array_equal(known, shade == 255)
    colour = Drawn(str(tmp_path / "mask.png")).known((4, 4, 3), 0)
    assert np.array_equal(colour, np.stack([shade == 255] * 3, axis=-1))
    with pytest.raises(UsageError, match="has 4 x 4 pixels and the examples 5 x 4"):
        Drawn(str(tmp_path / "mask.png")).known((4, 5), 0)
    with pytest.raises(UsageError, match="cannot be read as an image"):
        Drawn(str(tmp_path / "none.png")).known((4, 4), 0)
    with pytest.raises(UsageError, match="are no images; use scattered"):
        Left().known((4,), 0)
