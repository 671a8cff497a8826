"""The angle between a rule's update and the damped Gauss-Newton direction."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.sparse.linalg import cg
from jaxtyping import Array, Float

from apical.errors import at_least_one, positive
from apical.measurements.measurement import Measurement
from apical.networks.activations import identity
from apical.networks.network import Network

TOLERANCE = 1e-6
"""Of the residual relative to the gradient, at which the solution is good enough."""


class GaussNewton(Measurement):
    """Degrees between a layer's update and its part of the damped Gauss-Newton direction d.

    (J^T H J / N + damping I) d = g, where J is the derivative of the output layer's
    preactivations a_L of all N examples by all weights and biases, H the second derivative of each
    example's loss by its a_L, and g the gradient of the mean loss. H is positive semi-definite for
    cross-entropies. A squared error is convex in the activity sigma(a_L), so that H is
    sigma'^T sigma' there. An update along d has the angle 0; a learning rate changes no angle.

    No matrix is formed: conjugate gradients take at most `iterations` products with it, each of
    which leads a change of the weights forward and a signal back. `residual` is how much of g is
    left then, |g - (J^T H J / N + damping I) d| / |g|: where it is not small, the angle is that of
    an unfinished solution, which lies between g and d.

    The damping is added to the curvature as it is. With none, d would follow noise along the many
    directions in which few examples leave the loss flat; with much, d is g.

    Source: Schraudolph 2002 (products with the matrix); Martens 2010 (damped, by conjugate
    gradients); Meulemans et al. 2020 (target propagation and Gauss-Newton).
    """

    damping: float = 0.1
    iterations: int = 50

    def __check_init__(self):
        positive(damping=self.damping)
        at_least_one(iterations=self.iterations)

    def __call__(self, net, x, y, update):
        direction, residual = damped_direction(net, x, y, self.damping, self.iterations)
        pairs = zip(direction.layers, update.layers, strict=True)
        return {"angle": [_angle(ours, its) for ours, its in pairs], "residual": residual}


def damped_direction(
    net: Network,
    x: Float[Array, "examples ..."],
    y: Float[Array, "examples units"],
    damping: float,
    iterations: int,
) -> tuple[Network, Float[Array, ""]]:
    """d of `GaussNewton`, shaped like the network, and the residual that is left.

    !!! example

        >>> from apical.networks.layers import Dense
        >>> from apical.networks.losses import SquaredError
        >>> net = Network((Dense(jnp.zeros((1, 1)), None, (1,), identity),), SquaredError())
        >>> x, y = jnp.array([[2.0]]), jnp.array([[1.0]])
        >>> direction, _ = damped_direction(net, x, y, damping=1e-6, iterations=3)
        >>> (net.layers[0].weight - direction.layers[0].weight).round(4).tolist()
        [[0.5]]
    """
    weights, rest = eqx.partition(net, eqx.is_inexact_array)

    def output(weights: Network) -> Array:
        return eqx.combine(weights, rest).record(x).preactivations[-1]

    a, back = jax.vjp(output, weights)
    # Locally connected layers have products of their own, which know no forward derivative.
    forward = jax.linear_transpose(lambda signal: back(signal)[0], a)

    def curved(change: Network) -> Network:
        (moved,) = forward(change)
        (pulled,) = back(_curvature(net, a, y, moved) / len(x))
        return jax.tree.map(lambda p, v: p + damping * v, pulled, change)

    (gradient,) = back(net.error(net.record(x), y) / len(x))
    direction, _ = cg(curved, gradient, tol=TOLERANCE, maxiter=iterations)
    left = jax.tree.map(jnp.subtract, gradient, curved(direction))
    return direction, jnp.linalg.norm(_flat(left)) / jnp.linalg.norm(_flat(gradient))


def _curvature(net: Network, a: Array, y: Array, change: Array) -> Array:
    """H times a change of the preactivations, of each example."""
    loss, activation = net.loss, net.layers[-1].activation
    if not loss.convex_in_activity:
        slope = jax.grad(lambda a: jnp.sum(loss(a, y, activation)))
        return jax.jvp(slope, (a,), (change,))[1]
    h, moved = jax.jvp(activation, (a,), (change,))
    slope = jax.grad(lambda h: jnp.sum(loss(h, y, identity)))
    (curved,) = jax.vjp(activation, a)[1](jax.jvp(slope, (h,), (moved,))[1])
    return curved


def _angle(one: Any, other: Any) -> Float[Array, ""]:
    one, other = _flat(one), _flat(other)
    cosine = jnp.vdot(one, other) / (jnp.linalg.norm(one) * jnp.linalg.norm(other))
    return jnp.degrees(jnp.arccos(jnp.clip(cosine, -1, 1)))


def _flat(tree: Any) -> Float[Array, " numbers"]:
    leaves = jax.tree.leaves(eqx.filter(tree, eqx.is_inexact_array))
    return jnp.concatenate([leaf.ravel() for leaf in leaves])
