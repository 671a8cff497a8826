"""The convergence condition of target propagation and its estimate of a gradient."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import fit
from apical.diagnostics.inversion import agreement, contraction, contractions
from apical.generative.inference import log_joint
from apical.generative.stack import Stack
from apical.networks.activations import identity
from apical.networks.layers import Conv, Dense, Fc, Lc
from apical.networks.losses import CrossEntropy
from apical.networks.transmission import Sign
from apical.rules import AOSDTP, BP, DTP, SDTP, TP, Batch
from apical.settings import Settings
from apical.testing import laws
from apical.training.build import build
from tests import tiny
from tests.generative.tiny import activities, examples, orthonormal, stack

pytestmark = pytest.mark.usefixtures("float64")

contracted, agreed = eqx.filter_jit(contraction), eqx.filter_jit(agreement)


@eqx.filter_jit
def jacobians(layer, rows):
    """The derivative of what each row gives by that row."""
    return jax.vmap(jax.jacobian(lambda row: layer(row[None])[0]))(rows)


def test_the_largest_eigenvalue_is_that_of_the_jacobians():
    maps, x, (h, *_) = stack(), examples(), activities()
    f, g = maps.encoders[0], maps.decoders[0]
    found = contracted(f, g, x, h, jax.random.key(0), steps=400)
    ups, downs = (np.asarray(jacobians(*each)) for each in ((f, x), (g, h)))
    for up, down, ours in zip(ups, downs, found, strict=True):
        rest = np.eye(len(up)) - up @ down
        assert float(ours) == pytest.approx(np.linalg.eigvalsh(rest.T @ rest)[-1], rel=1e-6)


def test_an_exact_inverse_leaves_nothing_and_none_leaves_all():
    maps, x, (h, *_) = orthonormal(), examples(), activities()
    f, g = maps.encoders[0], maps.decoders[0]
    np.testing.assert_allclose(contracted(f, g, x, h, jax.random.key(0)), 0, atol=1e-12)
    nothing = Dense(0 * g.weight, None, g.in_shape, identity)
    np.testing.assert_allclose(contracted(f, nothing, x, h, jax.random.key(0)), 1)


def test_the_truth_is_the_gradient_of_the_joint():
    maps, x, (h, *_) = stack(), examples(), activities()
    f, g = maps.encoders[0], maps.decoders[0]
    one = Stack((f,), (g,))
    truth = jax.jit(jax.grad(lambda h: jnp.sum(log_joint(one, x, (h,)))))(h)
    estimate = np.asarray(f(x)) - f(g(h))
    cosine, scale = map(np.asarray, agreed(f, g, x, h))
    for i, (a, b) in enumerate(zip(np.asarray(estimate), np.asarray(truth), strict=True)):
        assert cosine[i] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        assert scale[i] == pytest.approx(a @ b / (b @ b))


def test_the_estimate_is_exact_for_linear_maps_with_orthonormal_columns():
    maps, x, (h, *_) = orthonormal(), examples(), activities()
    cosine, scale = agreed(maps.encoders[0], maps.decoders[0], x, h)
    np.testing.assert_allclose(cosine, 1)
    np.testing.assert_allclose(scale, 1)


@pytest.mark.parametrize(
    ("rule", "inverted"), [(DTP(), (1,)), (SDTP(), (1, 2)), (AOSDTP(), (1, 2)), (TP(), (1, 2))]
)
def test_target_propagation_is_measured_at_each_layer_with_an_inverse(rule, inverted):
    """By the singular values of Jacobians that are formed."""
    net = tiny.network()
    batch = tiny.batch(net)
    state = rule.init(net, batch, jax.random.key(3))
    found = contractions(net, state, batch.x, jax.random.key(0), rule=rule)
    maps, activities = rule.inverted(net, state), laws.recorded(net, batch.x).activities
    for l in range(3):
        if l not in inverted:
            assert np.isnan(found[l])
            continue
        f, g, below = maps[l - 1], state.learned[l - 1], activities[l]
        up, down = np.asarray(jacobians(f, below)), np.asarray(jacobians(g, f(below)))
        rest = np.eye(up.shape[1]) - up @ down
        largest = np.linalg.svd(rest, compute_uv=False)[:, 0] ** 2
        assert found[l] <= np.mean(largest) * (1 + 1e-9)
        assert float(found[l]) == pytest.approx(np.mean(largest), rel=1e-2)


def test_runs_with_inverses_record_it_before_the_first_step_and_after_every_epoch(blobs):
    small: dict[str, Any] = {"hidden": (8, 6), "epochs": 1, "batch_size": 30}
    told = fit(DTP(), blobs, **small)
    for row in (*told.initial, *told.metrics):
        first, second, output = row["inversion"]["eigenvalue"]
        assert first is output is None
        assert second > 0
    others = (fit(BP(), blobs, **small), fit(DTP(), blobs, **small | {"hidden": (8,)}))
    assert not any("inversion" in row for of in others for row in of.metrics)


def test_layers_of_images_and_of_signs_are_measured_too():
    x = jax.random.uniform(jax.random.key(1), (3, 6, 5))
    hidden = (Conv((3, 3), 2, 2), Lc((2, 2), 3, sends=Sign()), Fc(4))
    settings = Settings(hidden=hidden, loss=CrossEntropy())
    net = build(settings, (6, 5), 3, jax.random.key(2))
    state = DTP().init(net, Batch(x, jnp.eye(3)), jax.random.key(3))
    found = contractions(net, state, x, jax.random.key(0), rule=DTP())
    assert np.isfinite(found).tolist() == [False, True, True, False]
