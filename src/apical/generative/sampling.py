"""Samples of a trained stack, and completions of examples of which a part is missing.

Source: Bengio, Lee, Bornschein, Mesnard & Lin 2015, algorithm 2 and figure 3.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from apical.generative.inference import Inference, infer, inferred, partly_observed
from apical.generative.stack import Hidden, Stack, Visible


class Prior(NamedTuple):
    """Independent Gaussians, one for each unit of the top."""

    mean: Float[Array, " units"]
    variance: Float[Array, " units"]

    def draw(
        self, key: PRNGKeyArray, which: Int[Array, " count"], factor: float
    ) -> Float[Array, "count units"]:
        """Samples of these numbers, with the variance times `factor`.

        A sample depends on its number and on none of the others.
        """
        noise = jax.vmap(lambda i: jax.random.normal(jax.random.fold_in(key, i), self.mean.shape))(
            which
        )
        return self.mean + jnp.sqrt(factor * self.variance) * noise


def refine(stack: Stack, x: Visible, rounds: int, by: Inference) -> Visible:
    """So many times: infer h from x, and x = g_1(h_1)."""

    def once(_, x: Visible) -> Visible:
        return stack.decoders[0](inferred(stack, x, by)[0])

    return jax.lax.fori_loop(0, rounds, once, x)


def complete(
    stack: Stack, x: Visible, known: Bool[Array, "#batch inputs"], rounds: int, by: Inference
) -> Visible:
    """So many times: infer h, with what is missing read off its reconstruction, and put g_1(h_1)
    in its place. What is known stays as it is.

    **Arguments:**

    - `x`: where it is not known, where to start from.
    """

    def once(_, x: Visible) -> Visible:
        start: Hidden = stack.encode(x)
        h = infer(stack, partly_observed(stack, x, known, by), start, by)
        return jnp.where(known, x, stack.decoders[0](h[0]))

    return jax.lax.fori_loop(0, rounds, once, x)
