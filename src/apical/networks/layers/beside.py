"""Layers side by side: each reads a part of the inputs alone and gives a part of the units."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.errors import UsageError
from apical.networks.activations import Activation
from apical.networks.layers.layer import Layer


class Beside(Layer):
    """a = (a_1, ..., a_K), with a_k the preactivation of block k on its own slice of the inputs.

    Slices follow each other, and so do the blocks' units. `weight` holds the blocks' weights one
    after the other, `bias` their biases; `blocks` are the layers with the shapes of their weights
    in place of these. `Beside.of` makes one of layers.
    """

    weight: Float[Array, " weights"]
    bias: Float[Array, " biases"] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    blocks: tuple[Layer, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Self:
        """Layers and their weights, side by side.

        **Raises:** `UsageError` if there is none, or if they differ in their activation or in
        whether they have biases.

        !!! example

            >>> from apical.networks.activations import identity
            >>> from apical.networks.layers import Dense
            >>> one, two = (Dense(w * jnp.ones((1, 2)), None, (2,), identity) for w in (1.0, 10.0))
            >>> Beside.of([one, two])(jnp.array([[1.0, 2.0, 3.0, 4.0]])).tolist()
            [[3.0, 70.0]]
        """
        kinds = {(layer.activation, layer.bias is None) for layer in layers}
        if len(kinds) != 1 or any(activation.couples for activation, _ in kinds):
            raise UsageError(
                "beside: needs layers of one activation that takes each unit by itself, all with "
                f"biases or all without, got {[layer.activation for layer in layers]}; give them "
                "the same"
            )
        shapes = [jax.eval_shape(lambda l=l: (l.weight, l.bias)) for l in layers]
        blocks = tuple(l.with_parameters(*s) for l, s in zip(layers, shapes, strict=True))
        weight = jnp.concatenate([layer.weight.ravel() for layer in layers])
        biases = [layer.bias.ravel() for layer in layers if layer.bias is not None]
        bias = jnp.concatenate(biases) if biases else None
        inputs = sum(math.prod(layer.in_shape) for layer in layers)
        return cls(weight, bias, (inputs,), layers[0].activation, blocks)

    @property
    def out_shape(self):
        return (sum(math.prod(block.out_shape) for block in self.blocks),)

    @property
    def fans(self):
        """On average over the blocks' units and inputs."""
        joined = sum(block.fans[0] * math.prod(block.out_shape) for block in self.blocks)
        return round(joined / self.out_shape[0]), round(joined / self.in_shape[0])

    def preactivation(self, x):
        x = x.reshape(x.shape[0], -1)
        columns = _ends(math.prod(block.in_shape) for block in self.blocks)
        parts = [
            block.preactivation(x[:, begin:end].reshape(-1, *block.in_shape)).reshape(len(x), -1)
            for block, (begin, end) in zip(self.parts, columns, strict=True)
        ]
        return jnp.concatenate(parts, axis=1)

    @property
    def parts(self) -> tuple[Layer, ...]:
        """The blocks with their weights."""
        weights = _cut(self.weight, [block.weight.shape for block in self.blocks])
        shapes = [block.bias.shape for block in self.blocks if block.bias is not None]
        biases = [None] * len(weights) if self.bias is None else _cut(self.bias, shapes)
        return tuple(
            block.with_parameters(w, b)
            for block, w, b in zip(self.blocks, weights, biases, strict=True)
        )


def _ends(sizes: Iterable[int]) -> list[tuple[int, int]]:
    """Where each slice of these sizes begins and ends."""
    return list(pairwise([0, *np.cumsum(list(sizes)).tolist()]))


def _cut(numbers: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Arrays of these shapes that stand one after the other."""
    ends = _ends(map(math.prod, shapes))
    return [numbers[a:b].reshape(shape) for (a, b), shape in zip(ends, shapes, strict=True)]
