"""Laws of what a minibatch changes."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from apical import IteratedTargetProp, UsageError
from apical.generative import stages
from apical.generative.learner import Carry, Inferring
from apical.generative.lessons import update
from apical.generative.stages import From, Rates, scaled
from apical.networks.activations import sigmoid, softplus
from apical.settings import Unsupervised
from apical.training.learner import Examples, Keys
from tests.generative.tiny import (
    EXAMPLES,
    HIDDEN,
    INPUTS,
    activities,
    examples,
    model,
    orthonormal,
    stack,
)


def close(found, expected):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def losses(maps, x, h, up, down):
    """The stated squared errors, as they are written."""
    below = (x, *h[:-1])
    f = [jnp.sum((f(a) - t) ** 2) for f, a, t in zip(maps.encoders, up, h, strict=True)]
    g = [jnp.sum((g(a) - t) ** 2) for g, a, t in zip(maps.decoders, down, below, strict=True)]
    return sum(f + g) / (2 * len(x))


@pytest.mark.usefixtures("float64")
def test_the_update_descends_the_stated_errors_with_constant_targets():
    maps, x, mine = stack(), examples(), model()
    rates = Rates(*[jnp.full(3, 0.3)] * 4)

    def loss(maps, hold):
        h = hold(mine.infer(maps, x))
        up, down = hold(mine.corrupt(x, h, rates, jax.random.key(1)))
        return losses(maps, x, h, up, down)

    @jax.jit
    def all_three(maps):
        h = mine.infer(maps, x)
        found = update(maps, x, h, *mine.corrupt(x, h, rates, jax.random.key(1)))
        held, through = (
            jax.value_and_grad(loss)(maps, hold) for hold in (jax.lax.stop_gradient, lambda a: a)
        )
        return found, held, through

    found, (value, gradients), (_, through) = all_three(maps)
    close(found.gradients, gradients)
    np.testing.assert_allclose(found.loss, value)
    both = zip(jax.tree.leaves(found.gradients), jax.tree.leaves(through), strict=True)
    # So that the law above says something.
    assert max(abs(np.subtract(a, b)).max() for a, b in both) > 1e-3


def test_every_map_learns_at_its_own_rate():
    maps = stack()
    rates = Rates(jnp.array([1.0, 2, 3]), jnp.array([4.0, 5, 6]), jnp.zeros(3), jnp.zeros(3))
    changed = jax.jit(scaled)(maps, rates)
    for layers, of, factors in (
        (changed.encoders, maps.encoders, (1, 2, 3)),
        (changed.decoders, maps.decoders, (4, 5, 6)),
    ):
        for ours, theirs, factor in zip(layers, of, factors, strict=True):
            for found, given in zip(*map(jax.tree.leaves, (ours, theirs)), strict=True):
                np.testing.assert_array_equal(found, factor * np.asarray(given))
                assert np.asarray(given).any()


def test_corruption_is_gaussian_but_at_the_top_which_is_a_mean_of_samples():
    mine, many = model(samples=3), 40_000
    x, *h = (np.full((many, 1), p, np.float32) for p in (0.0, 0.2, 0.5, 0.7))
    rates = Rates(jnp.ones(3), jnp.ones(3), jnp.array([0.1, 0.2, 0.3]), jnp.array([0.4, 0.5, 9.0]))
    corrupted = jax.jit(mine.corrupt)(x, tuple(h), rates, jax.random.key(0))
    up, down = jax.tree.map(np.asarray, corrupted)
    for noisy, clean, sigma in zip(
        (*up, *down[:2]), (x, *h[:2], *h[:2]), (0.1, 0.2, 0.3, 0.4, 0.5), strict=True
    ):
        np.testing.assert_allclose(np.mean(noisy - clean), 0, atol=5 * sigma / many**0.5)
        np.testing.assert_allclose(np.std(noisy - clean), sigma, rtol=0.03)
    assert sorted({round(float(v), 4) for v in down[2][:500, 0]}) == [0, 0.3333, 0.6667, 1]
    np.testing.assert_allclose(np.mean(down[2]), 0.7, atol=0.01)
    assert len({float(a[0, 0] - b[0, 0]) for a, b in zip(up[1:], h[:2], strict=True)}) == 2
    for f, g in zip(up[1:], down[:2], strict=True):  # what encoders and decoders read of one h
        assert abs(np.corrcoef(f[:, 0], g[:, 0])[0, 1]) < 5 / many**0.5


def test_without_noise_nothing_is_corrupted():
    x, h = examples(), activities()
    rates = Rates(*[jnp.zeros(3)] * 4)
    up, down = jax.jit(model().corrupt)(x, h, rates, jax.random.key(0))
    close((up, down[:2]), ((x, *h[:2]), h[:2]))


def test_stages_begin_with_their_epochs():
    course = (From(0, (0.1,)), From(2, (0.2, 0.3, 0.4)), From(5, (0.5,), decoder_noise=(7.0, 8.0)))
    stages.check(course, 3)
    at = jax.jit(lambda step: stages.at(course, 3, step, steps_per_epoch=10))
    for step, first in ((0, 0.1), (19, 0.1), (20, 0.2), (49, 0.2), (50, 0.5), (1000, 0.5)):
        assert np.asarray(at(step).encoder_rates)[0] == pytest.approx(first)
    np.testing.assert_allclose(at(20).encoder_rates, [0.2, 0.3, 0.4])
    np.testing.assert_allclose(np.asarray(at(50).decoder_noise)[:2], [7, 8])


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_a_model_of_any_depth_has_stages_that_fit(layers):
    mine = model(hidden=(3,) * layers, stages=())
    stages.check(mine.course, layers)
    now = jax.jit(lambda step: stages.at(mine.course, layers, step, steps_per_epoch=10))(30)
    np.testing.assert_allclose(now.encoder_rates, [0.1, 3, 3, 3][:layers])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"stages": (From(1),)}, "must begin at epoch 0"),
        ({"stages": (From(0), From(2), From(2))}, "in the order of their epochs"),
        ({"stages": (From(0, (1.0, 1.0)),)}, "encoder_rates of the stage from epoch 0 has 2 num"),
        ({"stages": ("from:0,-1",)}, "encoder_rates of from: must be numbers of 0 or more"),
        ({"hidden": ()}, "hidden: must name one latent layer or more"),
        ({"hidden": (3, 0, 2)}, r"hidden\[1\]: must be 1 or more, got 0"),
        ({"steps": 0}, "steps: must be 1 or more"),
        ({"alpha": -0.1}, "alpha: must be 0 or more and finite"),
        ({"trace_alphas": (0.1, float("nan"))}, "trace_alphas: must be 0 or more and finite"),
        ({"top": "softplus"}, "top: binary units are sampled .* got softplus; use sigmoid"),
        ({"top": "softmax"}, "top: binary units are sampled"),
        ({"activation": "nope"}, "there is no 'nope'"),
    ],
)
def test_mistakes_are_told(given, words):
    with pytest.raises(UsageError, match=words):
        model(**given)


def test_a_stack_has_the_stated_layers_and_weights_of_its_own_in_every_map():
    made = IteratedTargetProp((8, 5)).create(6, jax.random.key(0))
    assert made.units == (6, 8, 5)
    assert [f.activation for f in made.encoders] == [softplus, sigmoid]
    assert [g.activation for g in made.decoders] == [sigmoid, softplus]
    weights = [layer.weight for layer in made.encoders + made.decoders]
    assert [w.shape for w in weights] == [(8, 6), (5, 8), (6, 8), (8, 5)]
    limits = [np.sqrt(6 / sum(w.shape)) for w in weights]
    assert all(
        0.5 * a < abs(np.asarray(w)).max() <= a for w, a in zip(weights, limits, strict=True)
    )
    assert not np.allclose(weights[0], weights[2].T)


def learner(**given):
    settings = Unsupervised(optimizer="sgd", lr=0.5)
    return Inferring(model(**given), settings, optax.sgd(0.5), steps_per_epoch=2)


@pytest.mark.parametrize("sigmas", ["0,0", "0.3/0.4/0.5,0.6/0.7"])
def test_a_step_is_inference_then_descent_at_the_stages_rates_and_noises(sigmas):
    mine = learner(stages=(f"from:0,0/1/0,0/0/2,{sigmas}", "from:1,0,0"))
    shown = Examples(jax.device_put(np.reshape(examples(), (EXAMPLES, 2, 3))), None)
    carry = jax.jit(mine.start)(shown, Keys.of(0))
    assert carry.stack.units == (INPUTS, *HIDDEN)
    key, x = jax.random.key(3), examples()
    step = jax.jit(partial(mine.step, None))
    after, metrics = step(carry, shown, key)
    noise = [jnp.array(r) for r in ([0.3, 0.4, 0.5], [0.6, 0.7, 0.0])] if sigmas != "0,0" else []
    rates = Rates(*[jnp.zeros(3)] * (4 - len(noise)), *noise)

    @jax.jit
    def written(stack):
        h = mine.model.infer(stack, x)
        return update(stack, x, h, *mine.model.corrupt(x, h, rates, key))

    found = written(carry.stack)
    np.testing.assert_allclose(metrics["train_loss"], found.loss, rtol=1e-6)
    for letter, factors in (("encoders", (0, 1, 0)), ("decoders", (0, 0, 2))):
        for l, factor in enumerate(factors):
            now, before, gradient = (
                np.asarray(getattr(tree, letter)[l].weight)
                for tree in (after.stack, carry.stack, found.gradients)
            )
            np.testing.assert_allclose(now, before - 0.5 * factor * gradient, atol=1e-6)
    second, _ = step(after, shown, key)
    third, _ = step(second, shown, key)
    assert int(third.steps) == 3
    assert np.array_equal(second.stack.encoders[1].weight, third.stack.encoders[1].weight)
    assert not np.array_equal(after.stack.encoders[1].weight, second.stack.encoders[1].weight)


def test_inputs_that_the_decoder_cannot_give_are_refused():
    shown = Examples(jax.device_put(3 * np.asarray(examples())), None)
    with pytest.raises(UsageError, match="gives numbers from 0 to 1, and the inputs go from"):
        learner().check(shown)
    learner(visible="identity").check(shown)


@pytest.mark.usefixtures("float64")
def test_it_is_told_how_well_decoders_invert_encoders():
    mine, maps, x = learner(alpha=0.2), orthonormal(), examples()
    carry = Carry(maps, None, jnp.array(0))
    found = mine.diagnose(carry, Examples(x, None), jax.random.key(0))
    np.testing.assert_allclose(found["inversion"]["eigenvalue"], 0, atol=1e-12)
    # The top is where its gradient is zero.
    np.testing.assert_allclose(found["inversion"]["cosine"][:2], 1)
    np.testing.assert_allclose(found["inversion"]["scale"][:2], 1)
    assert np.shape(found["inference"]["log_joint"]) == (2, 21)
    means = [np.asarray(a).mean() for a in jax.jit(mine.model.infer)(maps, x)]
    assert found["activity"] == pytest.approx(means, rel=1e-4)


def test_scores_are_means_over_the_examples_of_the_mask():
    mine, maps, x = learner(), stack(), examples()
    first = jax.device_put(np.asarray(x)[:4])
    tally = jax.jit(mine.tally)(maps, Examples(x, None), np.arange(EXAMPLES) < 4)
    whole = jax.jit(mine.tally)(maps, Examples(first, None), np.ones(4, bool))
    close(tally, whole)
    graded = mine.grade(jax.tree.map(np.asarray, tally), "val", 4)
    decoded = jax.jit(lambda x: maps.decode(mine.model.infer(maps, x)[-1]))(first)
    missed = np.mean(np.subtract(first, decoded) ** 2)
    assert graded["val_reconstruction"] == pytest.approx(float(missed), rel=1e-5)
    assert set(graded) == {"val_log_joint", "val_reconstruction"}
    assert all(np.isnan(v) for v in mine.grade(None, "val", 0).values())
