"""Inference by iterated difference target propagation, which takes no derivative of any layer.

Source: Bengio, Lee, Bornschein, Mesnard & Lin 2015, algorithm 2.
"""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from apical.generative.stack import Hidden, Stack, Visible

Evidence: TypeAlias = Callable[[Visible], Float[Array, "batch units"]]
"""What f_1 makes of the data, given their reconstruction g_1(h_1)."""


def observed(stack: Stack, x: Visible) -> Evidence:
    """f_1(x), the same at every step: all of x is known."""
    first = stack.encoders[0](x)
    return lambda reconstruction: first


def partly_observed(stack: Stack, x: Visible, known: Bool[Array, "#batch inputs"]) -> Evidence:
    """f_1 of x where it is known, and of its reconstruction elsewhere."""
    return lambda reconstruction: stack.encoders[0](jnp.where(known, x, reconstruction))


def step(stack: Stack, evidence: Evidence, h: Hidden, delta: float, alpha: float) -> Hidden:
    """One step, from the top down; a layer meets those above it already moved.

    h_l += delta (f_l(h_{l-1}) - f_l(g_l(h_l))) + alpha (g_{l+1}(h_{l+1}) - h_l), the last term
    below the top alone. In l = 1 the evidence stands for f_1(h_0).
    """
    f, g, moved = stack.encoders, stack.decoders, list(h)
    for l in reversed(range(stack.depth)):  # moved[l] is h_{l+1}
        below = g[l](h[l])
        seen = f[l](h[l - 1]) if l else evidence(below)
        change = delta * (seen - f[l](below))
        if l + 1 < stack.depth:
            change += alpha * (g[l + 1](moved[l + 1]) - h[l])
        moved[l] = h[l] + change
    return tuple(moved)


def infer(
    stack: Stack, evidence: Evidence, h: Hidden, *, steps: int, delta: float, alpha: float
) -> Hidden:
    """So many steps from h."""
    return jax.lax.fori_loop(0, steps, lambda _, now: step(stack, evidence, now, delta, alpha), h)


def log_joint(stack: Stack, x: Visible, h: Hidden) -> Float[Array, " batch"]:
    """log p(x, h) of each example, up to a constant: -1/2 sum_l |h_{l-1} - g_l(h_l)|^2, h_0 = x.

    Conditional variances are 1, and the prior of h_L is left out, as in training.
    """
    below = (x, *h[:-1])
    misses = (a - g(b) for a, g, b in zip(below, stack.decoders, h, strict=True))
    return sum((-0.5 * jnp.sum(miss**2, axis=1) for miss in misses), jnp.zeros(len(x)))


def ascent(
    stack: Stack, x: Visible, *, steps: int, delta: float, alpha: float
) -> Float[Array, " points"]:
    """The mean of log p(x, h) before each of so many steps and after the last."""
    evidence = observed(stack, x)

    def go_on(h: Hidden, _: None):
        moved = step(stack, evidence, h, delta, alpha)
        return moved, jnp.mean(log_joint(stack, x, moved))

    start = stack.encode(x)
    _, after = jax.lax.scan(go_on, start, None, steps)
    return jnp.concatenate([jnp.mean(log_joint(stack, x, start), keepdims=True), after])
