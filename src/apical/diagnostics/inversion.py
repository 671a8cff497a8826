"""How well a decoder inverts an encoder, to first order: where target propagation may be trusted.

Source: Lee, Zhang, Fischer & Bengio 2015; Bengio et al. 2015.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.networks.layers import Layer
from apical.networks.network import Network
from apical.rules import State
from apical.rules.target_propagation.rule import TargetPropagation

Visible = Float[Array, "batch inputs"]
Batched = Float[Array, "batch units"]
Map: TypeAlias = Callable[[Array], Array]
FEW = 100
"""Examples that learners measure it on after every epoch."""


def contraction(
    f: Map, g: Map, below: Visible, h: Batched, key: PRNGKeyArray, steps: int = 30
) -> Float[Array, " batch"]:
    """The largest eigenvalue of (I - f'g')^T (I - f'g') for each example, f' at `below`, g' at h.

    Below 1, a difference target is to first order nearer to its aim than where it starts from. No
    Jacobian is formed: so many power iterations by products with it, from a random direction, so
    that the value is approached from below.

    **Arguments:**

    - `f`, `g`: an encoder and the decoder that leads back from its units.
    - `below`, `h`: what each reads, (batch, units); h need not be f(below).

    !!! example

        >>> from apical.networks.activations import identity
        >>> from apical.networks.layers import Dense
        >>> f, g = (Dense(w * jnp.eye(3), None, (3,), identity) for w in (0.5, 1.0))
        >>> below = h = jnp.ones((1, 3))
        >>> round(float(contraction(f, g, below, h, jax.random.key(0))[0]), 3)
        0.25
    """
    _, back_to_h = jax.vjp(g, h)
    _, back_to_below = jax.vjp(f, below)

    def transposed(v: Batched) -> Batched:
        (w,) = back_to_below(v)
        return v - back_to_h(w)[0]

    # Locally connected layers have products of their own, which know no forward derivative.
    apply = jax.linear_transpose(transposed, h)

    def once(_, v: Batched) -> Batched:
        return transposed(*apply(_unit(v)))

    v = jax.lax.fori_loop(0, steps, once, jax.random.normal(key, h.shape, h.dtype))
    return jnp.sum(apply(_unit(v))[0] ** 2, axis=1)


@partial(jax.jit, static_argnames="rule")
def contractions(
    net: Network,
    state: State,
    x: Float[Array, "batch ..."],
    key: PRNGKeyArray,
    *,
    rule: TargetPropagation,
) -> Float[Array, " layers"]:
    """The mean of `contraction` over examples, for each layer with an inverse; nan for the others.

    It is taken at h_l = f_l(h_{l-1}). What units send has the derivative 1.

    **Arguments:**

    - `net`, `state`: the network, and what the rule owns beside it.
    - `x`: what the network reads, (batch, *in_shape).
    - `key`: for the directions, and for units that send samples.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")
        >>> model = apical.fit(apical.DTP(), data, hidden=(8, 6, 4), epochs=1).models[0]
        >>> x, key = model.transform(data.test.x[:20]), jax.random.key(0)
        >>> found = contractions(model.network, model.state, x, key, rule=apical.DTP())
        >>> jnp.isfinite(found).tolist()
        [False, True, True, False]
    """
    net = net.drawn(key)
    found = [jnp.array(jnp.nan)] * len(net.layers)
    read = net.record(x).activities[1:-1]
    pairs = zip(rule.inverted(net, state), state.learned, read, strict=False)
    for l, (f, g, below) in enumerate(pairs, 1):
        h = f(below)
        up, down = _of_rows(f, below.shape[1:]), _of_rows(g, h.shape[1:])
        values = contraction(up, down, _rows(below), _rows(h), jax.random.fold_in(key, l))
        found[l] = jnp.mean(values)
    return jnp.stack(found)


def _of_rows(layer: Map, shape: tuple[int, ...]) -> Map:
    """The map between rows of numbers, of one that reads examples of a shape."""
    return lambda rows: _rows(layer(rows.reshape(len(rows), *shape)))


def _rows(examples: Float[Array, "batch ..."]) -> Visible:
    return examples.reshape(len(examples), math.prod(examples.shape[1:]))


def _unit(v: Batched) -> Batched:
    """Each example's direction; none stays none."""
    length = jnp.linalg.norm(v, axis=1, keepdims=True)
    return v / jnp.where(length > 0, length, 1.0)


def agreement(
    f: Layer, g: Layer, below: Visible, h: Batched
) -> tuple[Float[Array, " batch"], Float[Array, " batch"]]:
    """How f(below) - f(g(h)) agrees with what it estimates, d/dh log p(below | h).

    The true gradient is g'(h)^T (below - g(h)), of a Gaussian of variance 1 around g(h). The first
    result is the cosine of the two, the second the scale <estimate, truth> / |truth|^2; both are 1
    where the estimate is exact, and nan where the truth is zero.

    !!! example

        >>> from apical.networks.activations import identity
        >>> from apical.networks.layers import Dense
        >>> f, g = (Dense(w * jnp.eye(2), None, (2,), identity) for w in (0.5, 1.0))
        >>> cosine, scale = agreement(f, g, jnp.ones((1, 2)), jnp.zeros((1, 2)))
        >>> round(float(cosine[0]), 3), round(float(scale[0]), 3)
        (1.0, 0.5)
    """
    decoded, back = jax.vjp(g, h)
    (truth,) = back(below - decoded)
    estimate = f(below) - f(decoded)
    shared, length = jnp.sum(estimate * truth, axis=1), jnp.linalg.norm(truth, axis=1)
    return shared / (jnp.linalg.norm(estimate, axis=1) * length), shared / length**2
