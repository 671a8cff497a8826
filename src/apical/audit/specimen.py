"""Specimens: networks small enough that every input of a rule can be perturbed by itself."""

import itertools
from typing import NamedTuple

import jax
import numpy as np

from apical.errors import UsageError
from apical.networks.layers import Dense
from apical.networks.network import Network
from apical.networks.targets import encode
from apical.rules import Batch, Rule

INPUTS, EXAMPLES = 8, 4
HIDDEN = ((7, 6), (7,))
"""The stacks that are tried, since some rules are made for one hidden layer. No two weights are of
one shape."""
CLASSES = (3, 2)


class Specimen(NamedTuple):
    """A network and three minibatches: one to begin with, one that is past, one of now."""

    net: Network
    first: Batch
    past: Batch
    now: Batch


def specimens(rule: Rule, count: int) -> list[Specimen]:
    """Some networks of one shape, of the kind that the rule's recipe asks for.

    Raises `UsageError` if it takes none of them.
    """
    refused = None
    # Of one example nothing is told of others: only where a rule takes no more.
    sizes = dict.fromkeys((EXAMPLES, min(EXAMPLES, rule.recipe.batch_size)))
    for examples, classes, hidden in itertools.product(sizes, CLASSES, HIDDEN):
        try:
            found = [_draw(rule, examples, hidden, classes, seed) for seed in range(count)]
            jax.eval_shape(rule.init, found[0].net, found[0].now, jax.random.key(0))
        except UsageError as error:
            refused = error
            continue
        return found
    raise UsageError(
        f"audit: {rule.name} takes none of the small fully connected networks of its recipe "
        f"({refused}); give it a recipe whose settings it takes"
    )


def _draw(rule: Rule, examples: int, hidden: tuple[int, ...], classes: int, seed: int) -> Specimen:
    """By NumPy: JAX would compile a program for every shape."""
    draw, recipe = np.random.default_rng(seed), rule.recipe
    loss = recipe.loss
    output = loss.link if recipe.output is None else recipe.output
    sizes = (INPUTS, *hidden, loss.units(classes))
    layers = []
    for l, (below, units) in enumerate(itertools.pairwise(sizes), 1):
        weight = _away_from_zero(draw.normal(size=(units, below))) / np.sqrt(below)
        bias = (
            jax.device_put(0.3 * _away_from_zero(draw.normal(size=units))) if recipe.bias else None
        )
        activation = output if l == len(sizes) - 1 else recipe.activation
        layers.append(Dense(jax.device_put(weight), bias, (below,), activation))
    net = Network(tuple(layers), loss)

    def batch() -> Batch:
        # Rates between 0 and 1, which every rule takes.
        x = jax.device_put(draw.uniform(0.1, 0.9, size=(examples, INPUTS)))
        labels = jax.device_put(draw.permutation(examples) % classes)
        return Batch(x, encode(labels, net.units).astype(x.dtype))

    return Specimen(net, batch(), batch(), batch())


def _away_from_zero(drawn: np.ndarray) -> np.ndarray:
    """So that no weight is too small for its sign, or its change, to matter."""
    return drawn + 0.3 * np.sign(drawn)
