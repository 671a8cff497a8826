"""Initial weights have the spread that their law says."""

import jax
import numpy as np
import pytest

from apical.networks.activations import identity
from apical.networks.initialisers import FanIn, Glorot, LeCun, Orthogonal, TorchDefault, Uniform
from apical.networks.layers import Dense


@pytest.mark.parametrize(
    ("law", "variance"),
    [
        (Glorot(), 2 / 1000),
        (Uniform(0.3), 0.3**2 / 3),
        (LeCun(), 1 / 600),
        (TorchDefault(), 1 / 1800),
        (FanIn(2.0), 4 / 1800),
        (Orthogonal(), 1 / 600),
    ],
    ids=str,
)
def test_weights_have_the_variance_of_their_law(law, variance):
    """Layers of 600 inputs and 400 units, so that the fans cannot be mistaken."""
    layer = Dense.create((20, 30), 400, identity, key=jax.random.key(0), init=law)
    w = np.asarray(layer.weight)
    assert w.shape == (400, 600)
    assert abs(w.mean()) < 0.01 * np.sqrt(variance) + 1e-3 * np.sqrt(variance)
    assert w.var() == pytest.approx(variance, rel=0.02)
    assert law.rms(600, 400) == pytest.approx(np.sqrt(variance))
    np.testing.assert_array_equal(layer.bias, 0)
