"""Laws of the autoencoder that learns by targets, and runs of it."""

import json
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from apical import TargetAutoencoder, UsageError
from apical.generative.learner import Inferring
from apical.generative.reload import reload
from apical.generative.stack import Stack
from apical.generative.target_autoencoder import ReflectedCode, ReflectedInput, Tied
from apical.networks.activations import identity, sigmoid, tanh
from apical.networks.layers import Dense
from apical.report.curves import draw
from apical.runs.folder import RunFolder
from apical.runs.reading import RunData
from apical.settings import Unsupervised
from apical.training.events import Epoch
from apical.training.learner import Examples, Keys
from tests.generative.tiny import EXAMPLES, INPUTS, SMALL, examples
from tests.training.small import bits, timeless

UNITS = 4
FORMS = pytest.mark.parametrize("form", [ReflectedCode(), ReflectedInput()])
TYING = pytest.mark.parametrize("tied", [True, False])
KEY = jax.random.key(7)


def drawn(model, seed=0):
    """What is learned, with random weights and biases."""
    shaped = eqx.filter_eval_shape(model.create, INPUTS, KEY)
    draw = np.random.default_rng(seed)
    return jax.tree.map(lambda a: jax.device_put(draw.normal(size=a.shape)), shaped)


def close(found, expected):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def stated(model, learned, x, hold):
    """The squared errors as they are written; `hold` keeps constant what is."""
    maps = model.maps(learned)
    (f,), (g,) = maps.encoders, maps.decoders
    noisy = x + model.noise * jax.random.normal(KEY, x.shape, x.dtype)
    written = {
        ReflectedCode: lambda: 2 * f(x) - f(g(f(x))),
        ReflectedInput: lambda: f(2 * x - g(f(x))),
    }
    target = hold(written[type(model.target)]())
    missed = jnp.sum((f(noisy) - target) ** 2) + jnp.sum((g(hold(f(noisy))) - x) ** 2)
    return missed / (2 * len(x))


@FORMS
@TYING
@pytest.mark.usefixtures("float64")
def test_each_map_descends_its_own_error_with_constant_targets(form, tied):
    model = TargetAutoencoder(UNITS, target=form, tied=tied, noise=0.4)
    learned, x = drawn(model), examples()

    @jax.jit
    def all_three(learned):
        held, through = (
            jax.value_and_grad(lambda l, hold=hold: stated(model, l, x, hold))(learned)
            for hold in (jax.lax.stop_gradient, lambda a: a)
        )
        return model.learn(learned, x, None, KEY)[1], held, through

    found, (value, gradients), (_, through) = all_three(learned)
    close(found.gradients, gradients)
    np.testing.assert_allclose(found.loss, value)
    both = zip(jax.tree.leaves(found.gradients), jax.tree.leaves(through), strict=True)
    # So that the law above says something.
    assert max(abs(np.subtract(a, b)).max() for a, b in both) > 1e-2


@FORMS
@pytest.mark.usefixtures("float64")
def test_where_the_decoder_inverts_the_encoder_the_encoder_stays_as_it_is(form):
    """Then the slides' pair is (x, f(x))."""
    draw = np.random.default_rng(7)
    w, b = draw.normal(size=(INPUTS, INPUTS)), draw.normal(size=INPUTS)
    inverse = np.linalg.inv(w)
    f, g = (
        Dense(jax.device_put(weight), jax.device_put(bias), (INPUTS,), identity)
        for weight, bias in ((w, b), (inverse, -inverse @ b))
    )
    model = TargetAutoencoder(INPUTS, tied=False, target=form, noise=0.0)

    @jax.jit
    def made(learned, x):
        (f,), (g,) = learned.encoders, learned.decoders
        _, found = model.learn(learned, x, None, KEY)
        return 2 * x - g(f(x)), form.of(f, g, x, f(x)), f(x), found.gradients

    x, learned = examples(), Stack((f,), (g,))
    reflected, target, code, gradients = made(learned, x)
    close(reflected, x)
    close(target, code)
    close(gradients, jax.tree.map(np.zeros_like, learned))


@pytest.mark.usefixtures("float64")
def test_the_two_targets_are_the_same_to_first_order_in_what_the_decoder_misses():
    w = np.random.default_rng(7).normal(size=(INPUTS, INPUTS))
    f = Dense(jax.device_put(w), None, (INPUTS,), tanh)

    @jax.jit
    def targets(x, size):
        def g(h):  # a decoder that misses x by so much
            return x + size * jnp.sin(3 * x)

        h = f(x)
        return h, *(form.of(f, g, x, h) for form in (ReflectedCode(), ReflectedInput()))

    errors = []
    for size in (1e-3, 5e-4):
        h, one, other = map(np.asarray, targets(examples(), size))
        errors.append(abs(one - other).max())
        assert abs(one - h).max() > 100 * errors[-1]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


@jax.custom_jvp
def product(w, b, x):
    return x @ w.T + b


@FORMS
@TYING
def test_no_derivative_leads_through_a_map(form, tied, monkeypatch):
    """A layer is derived by its weights alone, never by what it reads."""

    def derived(primals, tangents):
        w, b, x = tangents
        if not isinstance(x, jax.custom_derivatives.SymbolicZero):
            raise AssertionError("a derivative leads through a map")
        given = [
            jnp.zeros(t.shape, t.dtype) if isinstance(t, jax.custom_derivatives.SymbolicZero) else t
            for t in (w, b)
        ]
        return product(*primals), primals[2] @ given[0].T + given[1]

    product.defjvp(derived, symbolic_zeros=True)
    monkeypatch.setattr(Dense, "preactivation", lambda f, x: product(f.weight, f.bias, x))
    model = TargetAutoencoder(UNITS, target=form, tied=tied)
    learned, x = drawn(model), examples()
    jax.make_jaxpr(lambda l: model.learn(l, x, None, KEY))(learned)
    with pytest.raises(AssertionError, match="leads through a map"):
        jax.make_jaxpr(jax.grad(lambda l: stated(model, l, x, lambda a: a)))(learned)


def test_what_is_learned_are_the_stated_maps():
    tied, apart = (
        TargetAutoencoder(UNITS, activation=tanh, tied=t).create(INPUTS, KEY) for t in (True, False)
    )
    assert isinstance(tied, Tied)
    assert isinstance(apart, Stack)
    for maps in (tied.maps, apart):
        assert maps.units == (INPUTS, UNITS)
        assert (maps.encoders[0].activation, maps.decoders[0].activation) == (tanh, sigmoid)
        np.testing.assert_array_equal(maps.encoders[0].weight, tied.encoder.weight)
    np.testing.assert_array_equal(tied.maps.decoders[0].weight, tied.encoder.weight.T)
    assert not np.allclose(apart.decoders[0].weight, tied.encoder.weight.T)
    # W, b and c, and V besides.
    assert [len(jax.tree.leaves(learned)) for learned in (tied, apart)] == [3, 4]


@TYING
def test_a_step_is_descent_by_the_optimizer(tied):
    model = TargetAutoencoder(UNITS, tied=tied)
    learner = Inferring(model, Unsupervised(optimizer="sgd", lr=0.5), optax.sgd(0.5), 2)
    shown = Examples(jax.device_put(np.reshape(examples(), (EXAMPLES, 2, 3))), None)
    carry = learner.start(shown, Keys.of(0))
    after, metrics = jax.jit(partial(learner.step, None))(carry, shown, KEY)

    @jax.jit
    def written(learned, x):
        h, found = model.learn(learned, x, None, KEY)
        expected = jax.tree.map(lambda a, d: a - 0.5 * d, learned, found.gradients)
        return h, model.infer(model.maps(learned), x), found, expected

    h, inferred, found, expected = written(carry.stack, examples())
    close(h, inferred)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), after.stack, expected)
    np.testing.assert_allclose(metrics["train_loss"], found.loss, rtol=1e-6)


def test_its_score_is_half_the_squared_error_of_x(blobs):
    model = TargetAutoencoder(8).fit(blobs, **SMALL)
    for row in model.metrics:
        inputs = np.prod(blobs.shape)
        half = -0.5 * inputs * row["val_reconstruction"]
        assert row["val_log_joint"] == pytest.approx(half, rel=1e-5)
        assert row["inference"]["log_joint"] == []
        assert len(row["inversion"]["eigenvalue"]) == 1


@FORMS
@TYING
def test_it_learns(blobs, form, tied):
    model = TargetAutoencoder(8, target=form, tied=tied, noise=0.1)
    result = model.fit(blobs, lr=0.5, **SMALL | {"epochs": 20})
    errors = [row["val_reconstruction"] for row in [*result.initial, *result.metrics]]
    assert errors[-1] < 0.7 * errors[0]


def test_a_run_goes_on_bit_for_bit_and_is_given_back(blobs, tmp_path):
    model = TargetAutoencoder(8, target=ReflectedInput())
    whole = model.fit(blobs, seeds=2, out=tmp_path / "whole", **SMALL)

    def interrupt(event):
        if isinstance(event, Epoch) and (event.seed, event.number) == (1, 1):
            raise KeyboardInterrupt

    part = tmp_path / "part"
    model.fit(blobs, seeds=2, out=part, listeners=[interrupt], **SMALL)
    done = model.fit(blobs, seeds=2, out=part, resume=True, **SMALL)
    stacks = [[m.stack for m in run.models.values()] for run in (whole, done)]
    assert bits(stacks[0]) == bits(stacks[1])
    rows = [RunFolder(tmp_path / run).rows("metrics.jsonl") for run in ("whole", "part")]
    assert timeless(rows[0]) == timeless(rows[1])
    config = json.loads((part / "config.json").read_text())
    assert config["model"]["type"] == "TargetAutoencoder"
    task, models = reload(part, blobs)
    assert task.model == model
    assert bits(models[1].stack) == bits(whole.models[1].stack)
    assert RunData.read(part).spelled == "target-autoencoder:8,target=reflected-input"
    with pytest.raises(UsageError, match=r"another configuration: model \(there .* now .*noise="):
        TargetAutoencoder(8, noise=0.2).fit(blobs, seeds=2, out=part, resume=True, **SMALL)
    svg = draw([RunData.read(part)], tmp_path / "curves.svg").read_text()
    assert "largest eigenvalue" in svg
    assert "steps of inference" not in svg


def test_its_model_encodes_samples_and_fills_in(blobs):
    model = TargetAutoencoder(8).fit(blobs, **SMALL).models[0]
    raw = blobs.test.x[:3]
    (h,) = model.infer(raw)
    f = model.stack.encoders[0]
    np.testing.assert_allclose(h, f(jnp.asarray(raw.reshape(3, -1) / 255, float)), rtol=1e-5)
    assert model.sample(3).shape == (3, 4, 4)
    known = np.arange(16).reshape(4, 4) < 8
    filled = model.inpaint(raw, known)
    np.testing.assert_allclose(filled[:, known], raw[:, known] / 255, rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hidden": 0}, "hidden: must be 1 or more, got 0"),
        ({"noise": -0.1}, r"noise: must be 0 or more and finite, got -0\.1"),
        ({"noise": float("nan")}, "noise: must be 0 or more and finite"),
        ({"target": "reflected"}, "there is no 'reflected'"),
    ],
)
def test_mistakes_are_told(given, words):
    with pytest.raises(UsageError, match=words):
        TargetAutoencoder(**given)
