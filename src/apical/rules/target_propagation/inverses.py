"""Learned inverses and the local losses of target propagation.

The inverse g_l(h_l) = sigma_{l-1}(V_l^T h_l + c_l) has the connections of layer l led backwards and
weights of its own, and approximates h_{l-1}. Neither it nor its loss reads anything but layer l.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import pairwise

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from apical.errors import positive
from apical.networks.activations import Activation
from apical.networks.initialisers import Initialiser
from apical.networks.layers import Layer, Transposed
from apical.networks.layers.transmitted import transmission, transmitted
from apical.values.value import Value

Activity = Float[Array, "batch ..."]
Map = Callable[[Activity], Activity]


class LocalLoss(Value):
    """c ||h - target||^2 for each example; c says how the squares of a layer are put together."""

    scale: eqx.AbstractVar[float]

    def __check_init__(self):
        positive(scale=self.scale)

    @abstractmethod
    def factor(self, units: int) -> float:
        """c, for a layer of so many units."""

    def error(self, h: Activity, target: Activity) -> Activity:
        """dloss/dh = 2 c (h - target)."""
        return 2 * self.factor(h[0].size) * (h - target)


class Summed(LocalLoss):
    """scale ||h - target||^2: summed over the units (scale 1 in the papers)."""

    scale: float = 1.0

    def factor(self, units):
        return self.scale


class Averaged(LocalLoss):
    """scale ||h - target||^2 / units."""

    scale: float = 1.0

    def factor(self, units):
        return self.scale / units


class InverseLoss(Value):
    """What g learns from activity h with noise eps ~ N(0, sigma^2) added to it."""

    sigma: eqx.AbstractVar[float]

    def __check_init__(self):
        positive(sigma=self.sigma)

    @abstractmethod
    def target(self, h: Activity, noisy: Activity) -> Activity:
        """What g(f(h + eps)) is to be."""


class NoisePreserving(InverseLoss):
    """||g(f(h + eps)) - (h + eps)||^2: g inverts f around h."""

    sigma: float = 0.2

    def target(self, h, noisy):
        return noisy


class Denoising(InverseLoss):
    """||g(f(h + eps)) - h||^2: g leads back to h from around it."""

    sigma: float = 0.1

    def target(self, h, noisy):
        return h


def inverses(
    layers: Sequence[Layer],
    init: Initialiser,
    key: PRNGKeyArray,
    activation: Activation | None = None,
) -> tuple[Layer, ...]:
    """An inverse of each layer but the first, from its activity to that of the layer below.

    **Arguments:**

    - `layers`: neighbours in a network, from the input up.
    - `init`: the law of the inverses' weights; their biases are zero.
    - `activation`: of the inverses; None gives each that of the layer below.
    """
    keys = jax.random.split(key, len(layers))
    return tuple(
        transmitted(
            Transposed.create(layer, activation or below.activation, key=k, init=init),
            transmission(layer).returned(layer.activation),
        )
        for (below, layer), k in zip(pairwise(layers), keys, strict=False)
    )


def inverses_and_outputs(
    layers: Sequence[Layer], init: Initialiser, key: PRNGKeyArray, activation: Activation
) -> tuple[Layer, ...]:
    """As `inverses`, and one of the output layer: from what its units send to the layer below.

    **Arguments:**

    - `activation`: of the output layer's inverse; the others have that of the layer below.
    """
    for_hidden, for_output = jax.random.split(key)
    lower = inverses(layers[:-1], init, for_hidden)
    return (*lower, Transposed.create(layers[-1], activation, key=for_output, init=init))


def learn(
    g: Layer,
    f: Map,
    h: Activity,
    loss: InverseLoss,
    local: LocalLoss,
    key: PRNGKeyArray,
    noise: float | Float[Array, ""] | None = None,
) -> Layer:
    """The gradient of g's loss, averaged over the batch; f's weights and h are constants.

    **Arguments:**

    - `g`: the inverse; the result is shaped like it.
    - `f`: the map that it inverts.
    - `h`: the activity that f reads, (batch, *shape).
    - `key`: for the noise.
    - `noise`: its standard deviation; None: the loss's sigma.
    """
    noisy = h + (loss.sigma if noise is None else noise) * jax.random.normal(key, h.shape, h.dtype)
    x = f(noisy)
    a = g.preactivation(x)
    return g.gradient(x, g.modulate(a, local.error(g.activation(a), loss.target(h, noisy))))
