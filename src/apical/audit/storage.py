"""What a rule stores beside a network, counted on a network of the usual size without making it."""

import itertools
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from apical.errors import UsageError
from apical.networks.layers import Dense
from apical.networks.network import Network
from apical.rules import Batch, Rule

INPUTS, HIDDEN, CLASSES = 784, ((500, 500), (500,)), (10, 2)
WORD = 4
"""Bytes of a number: rules train in float32."""


def stored(rule: Rule) -> tuple[float, tuple[int, ...]]:
    """Bytes for each forward weight, and the inputs and units of the network that has them.

    Numbers of the last minibatch count too, for a minibatch of the recipe's size.
    """
    for classes, hidden in itertools.product(CLASSES, HIDDEN):
        recipe = rule.recipe
        sizes = (INPUTS, *hidden, recipe.loss.units(classes))
        try:
            state, net = jax.eval_shape(lambda sizes=sizes: _begun(rule, sizes))
        except UsageError:
            continue
        weights = sum(math.prod(layer.weight.shape) for layer in net.layers)
        return sum(map(_bytes, jax.tree.leaves(state))) / weights, sizes
    return math.nan, ()


def _begun(rule: Rule, sizes: tuple[int, ...]) -> tuple[Any, Network]:
    recipe = rule.recipe
    output = recipe.loss.link if recipe.output is None else recipe.output
    layers = []
    for l, (below, units) in enumerate(itertools.pairwise(sizes), 2):
        activation = output if l == len(sizes) else recipe.activation
        bias = jnp.zeros(units) if recipe.bias else None
        layers.append(Dense(jnp.zeros((units, below)), bias, (below,), activation))
    net = Network(tuple(layers), recipe.loss)
    size = recipe.batch_size
    batch = Batch(jnp.zeros((size, sizes[0])), jnp.zeros((size, sizes[-1])))
    return eqx.filter(rule.init(net, batch, jax.random.key(0)), eqx.is_array), net


def _bytes(leaf: Any) -> int:
    return WORD * math.prod(leaf.shape)
