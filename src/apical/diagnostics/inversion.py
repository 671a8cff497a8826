"""How well a decoder inverts an encoder, to first order: where target propagation may be trusted.

Source: Lee, Zhang, Fischer & Bengio 2015; Bengio et al. 2015.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.networks.layers import Layer

Visible = Float[Array, "batch inputs"]
Batched = Float[Array, "batch units"]


def contraction(
    f: Layer, g: Layer, below: Visible, h: Batched, key: PRNGKeyArray, steps: int = 30
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
    _, decode = jax.linearize(g, h)
    _, encode = jax.linearize(f, below)

    def apply(v: Batched) -> Batched:
        return v - encode(decode(v))

    transposed = jax.linear_transpose(apply, h)

    def once(_, v: Batched) -> Batched:
        (moved,) = transposed(apply(_unit(v)))
        return moved

    v = jax.lax.fori_loop(0, steps, once, jax.random.normal(key, h.shape, h.dtype))
    return jnp.sum(apply(_unit(v)) ** 2, axis=1)


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
