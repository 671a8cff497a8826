"""Inference by iterated difference target propagation, which takes no derivative of any layer.

Source: Bengio, Lee, Bornschein, Mesnard & Lin 2015, algorithm 2.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from apical.generative.estimators import DifferenceTargets, Estimator
from apical.generative.stack import Hidden, Stack, Visible

Evidence: TypeAlias = Callable[[Visible], Float[Array, "batch _"]]
"""What is read of the data, given their reconstruction g_1(h_1)."""


class Inference(NamedTuple):
    """How inference is carried out."""

    steps: int
    delta: float
    """Size of a step towards what explains the layer below."""
    alpha: float
    """Size of a step towards what the layer above says."""
    beta: float = 0.0
    """Size of a step up log q(h | x), where h_l is a Gaussian of variance 1 around f_l(h_{l-1})."""
    estimator: Estimator = DifferenceTargets()


def observed(stack: Stack, x: Visible, by: Inference) -> Evidence:
    """x, read once: all of it is known."""
    read = by.estimator.read(stack.encoders[0], x)
    return lambda reconstruction: read


def partly_observed(
    stack: Stack, x: Visible, known: Bool[Array, "#batch inputs"], by: Inference
) -> Evidence:
    """x where it is known, and its reconstruction elsewhere."""
    f = stack.encoders[0]
    return lambda reconstruction: by.estimator.read(f, jnp.where(known, x, reconstruction))


def step(stack: Stack, evidence: Evidence, h: Hidden, by: Inference) -> Hidden:
    """One step, from the top down; a layer meets those above it already moved.

    h_l += delta (f_l(h_{l-1}) - f_l(g_l(h_l))) + alpha (g_{l+1}(h_{l+1}) - h_l), the last term
    below the top alone. In l = 1 the evidence stands for f_1(h_0), and the first difference is what
    the estimator makes of it. With beta, log q(h | x) is climbed too:

    h_l += beta (f_l(h_{l-1}) - h_l) + beta (g_{l+1}(h_{l+1}) - g_{l+1}(f_{l+1}(h_l))),

    the last difference again the estimator's, with encoder and decoder exchanged.
    """
    f, g, moved = stack.encoders, stack.decoders, list(h)
    for l in reversed(range(stack.depth)):  # moved[l] is h_{l+1}
        below = g[l](h[l])
        read = by.estimator.read(f[l], h[l - 1]) if l else evidence(below)
        change = by.delta * by.estimator.rise(f[l], g[l], h[l], below, read)
        if l + 1 < stack.depth:
            change += by.alpha * (g[l + 1](moved[l + 1]) - h[l])
        if by.beta:
            change += by.beta * (by.estimator.code(f[l], read) - h[l])
            if l + 1 < stack.depth:
                up, down = f[l + 1], g[l + 1]
                above = by.estimator.read(down, moved[l + 1])
                change += by.beta * by.estimator.rise(down, up, h[l], up(h[l]), above)
        moved[l] = h[l] + change
    return tuple(moved)


def infer(stack: Stack, evidence: Evidence, h: Hidden, by: Inference) -> Hidden:
    """So many steps from h."""
    return jax.lax.fori_loop(0, by.steps, lambda _, now: step(stack, evidence, now, by), h)


def inferred(stack: Stack, x: Visible, by: Inference) -> Hidden:
    """h of x, all of which is known, by inference from the feedforward state."""
    return infer(stack, observed(stack, x, by), stack.encode(x), by)


def log_joint(stack: Stack, x: Visible, h: Hidden) -> Float[Array, " batch"]:
    """log p(x, h) of each example, up to a constant: -1/2 sum_l |h_{l-1} - g_l(h_l)|^2, h_0 = x.

    Conditional variances are 1, and the prior of h_L is left out, as in training.
    """
    below = (x, *h[:-1])
    misses = (a - g(b) for a, g, b in zip(below, stack.decoders, h, strict=True))
    return sum((-0.5 * jnp.sum(miss**2, axis=1) for miss in misses), jnp.zeros(len(x)))


def ascent(stack: Stack, x: Visible, by: Inference) -> Float[Array, " points"]:
    """The mean of log p(x, h) before the first step and after each."""
    evidence = observed(stack, x, by)

    def go_on(h: Hidden, _: None):
        moved = step(stack, evidence, h, by)
        return moved, jnp.mean(log_joint(stack, x, moved))

    start = stack.encode(x)
    _, after = jax.lax.scan(go_on, start, None, by.steps)
    return jnp.concatenate([jnp.mean(log_joint(stack, x, start), keepdims=True), after])
