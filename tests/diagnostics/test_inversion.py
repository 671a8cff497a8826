"""The convergence condition of target propagation and its estimate of a gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.diagnostics.inversion import agreement, contraction
from apical.generative.inference import log_joint
from apical.generative.stack import Stack
from apical.networks.activations import identity
from apical.networks.layers import Dense
from tests.generative.tiny import activities, examples, orthonormal, stack

pytestmark = pytest.mark.usefixtures("float64")


def test_the_largest_eigenvalue_is_that_of_the_jacobians():
    maps, x, (h, *_) = stack(), examples(), activities()
    f, g = maps.encoders[0], maps.decoders[0]
    found = contraction(f, g, x, h, jax.random.key(0), steps=400)
    for below, above, ours in zip(x, h, found, strict=True):
        up = jax.jacobian(lambda a: f(a[None])[0])(below)
        down = jax.jacobian(lambda a: g(a[None])[0])(above)
        rest = np.eye(len(above)) - up @ down
        assert float(ours) == pytest.approx(np.linalg.eigvalsh(rest.T @ rest)[-1], rel=1e-6)


def test_an_exact_inverse_leaves_nothing_and_none_leaves_all():
    maps, x, (h, *_) = orthonormal(), examples(), activities()
    f, g = maps.encoders[0], maps.decoders[0]
    np.testing.assert_allclose(contraction(f, g, x, h, jax.random.key(0)), 0, atol=1e-12)
    nothing = Dense(0 * g.weight, None, g.in_shape, identity)
    np.testing.assert_allclose(contraction(f, nothing, x, h, jax.random.key(0)), 1)


def test_the_truth_is_the_gradient_of_the_joint():
    maps, x, (h, *_) = stack(), examples(), activities()
    f, g = maps.encoders[0], maps.decoders[0]
    one = Stack((f,), (g,))
    truth = jax.grad(lambda h: jnp.sum(log_joint(one, x, (h,))))(h)
    estimate = f(x) - f(g(h))
    cosine, scale = agreement(f, g, x, h)
    for i in range(len(x)):
        a, b = np.asarray(estimate[i]), np.asarray(truth[i])
        assert cosine[i] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        assert scale[i] == pytest.approx(a @ b / (b @ b))


def test_the_estimate_is_exact_for_linear_maps_with_orthonormal_columns():
    maps, x, (h, *_) = orthonormal(), examples(), activities()
    cosine, scale = agreement(maps.encoders[0], maps.decoders[0], x, h)
    np.testing.assert_allclose(cosine, 1)
    np.testing.assert_allclose(scale, 1)
