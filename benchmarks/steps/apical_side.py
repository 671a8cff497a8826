"""apical's side, as the trainer compiles it: all steps of a pass are one program.

python apical_side.py lc|conv|dtp ARRAYS.npz
"""

import json
import sys
from functools import partial

import jax
import jax.numpy as jnp
import optax
from work import (
    ALPHA,
    BATCH,
    CHECKED,
    DENSE,
    IMAGE,
    INVERSE_RATE,
    RATE,
    SIGMA,
    SIZES,
    WINDOWS,
    read,
    timed,
)

from apical.data.augmentation import Unchanged
from apical.data.preprocessing import Affine
from apical.networks.activations import softmax, tanh
from apical.networks.layers import Conv2d, Dense, LocallyConnected2d, Window
from apical.networks.losses import CrossEntropy
from apical.networks.network import Network
from apical.rules import BP, DTP, Batch, State
from apical.rules.target_propagation.inverses import NoisePreserving
from apical.settings import Settings
from apical.settings.turns import ByBatch
from apical.training.epoch import run_pass, step_keys
from apical.training.optimizer import Optimizers
from apical.training.stream import Chunk
from apical.training.supervised import Supervised


def dense(weights, shape) -> list[Dense]:
    """Fully connected layers that read examples of a shape, tanh below a softmax output."""
    layers = []
    for w, activation in zip(weights, [tanh] * (len(weights) - 1) + [softmax]):
        layers.append(Dense(jnp.asarray(w), jnp.zeros(len(w)), shape, activation))
        shape = layers[-1].out_shape
    return layers


def passes(kind, file):
    """The backward pass of BP: the gradient of every weight, of one minibatch after the other."""
    weights, x, labels = read(file)
    layers, shape = [], IMAGE
    for w, (kernel, _, stride) in zip(weights, WINDOWS):
        window = Window((kernel, kernel), stride)
        biases = kind.sizes(w.shape[0], *w.shape[-2:])[1]
        layers.append(kind(jnp.asarray(w), jnp.zeros(biases), shape, tanh, window))
        shape = layers[-1].out_shape
    layers += dense(weights[len(WINDOWS) :], shape)
    net = Network(tuple(layers), CrossEntropy())

    @partial(jax.jit, donate_argnums=0)
    def gradients(last, net, x, labels):
        def step(last, drawn):
            x, labels = drawn
            batch = Batch(x, jax.nn.one_hot(labels, DENSE[-1]))
            return BP().credit(net, State(), batch, jax.random.key(0)).network, None

        return jax.lax.scan(step, last, (x, labels))[0]

    x, labels = jnp.asarray(x), jnp.asarray(labels)
    gradient = gradients(jax.tree.map(jnp.zeros_like, net), net, x, labels)
    check = sum(float(jnp.abs(layer.weight).sum()) for layer in gradient.layers)

    def once():
        nonlocal gradient
        gradient = jax.block_until_ready(gradients(gradient, net, x, labels))

    return {"seconds": timed(once, len(x)), "check": check}


def dtp(file):
    """The trainer's own pass, in turns at every minibatch, measuring loss and accuracy too."""
    (*weights, V), x, labels = read(file)
    net = Network(tuple(dense(weights, SIZES[:1])), CrossEntropy())
    optimizers = Optimizers(optax.adam(RATE), optax.adam(INVERSE_RATE))
    x, labels = jnp.asarray(x.reshape(-1, SIZES[0])), jnp.asarray(labels.ravel())
    order, key = jnp.arange(len(labels)).reshape(-1, BATCH["dtp"]), jax.random.key(0)
    (turns,) = ByBatch().plan

    def begin(sigma):
        rule = DTP(alpha=ALPHA, inverse=NoisePreserving(sigma))
        (g,) = rule.init(net, Batch(x[:1], jnp.zeros((1, SIZES[-1]))), key).learned
        g = type(g)(jnp.asarray(V), g.bias, g.in_shape, g.activation, g.geometry)
        # The trainer's program lets go of its arguments.
        learner = Supervised(rule, Settings(), SIZES[-1], optimizers)
        return jax.tree.map(jnp.array, learner.carry(net, State(learned=(g,)))), learner

    def train(carry, learner, order):
        draws = jax.random.split(key, len(order))
        chunk = Chunk(x, labels, order, draws, Affine.of(0.0, 1.0), Unchanged())
        keys = step_keys(key, len(order), turns)
        return run_pass(learner, turns, [lambda: [chunk]], [keys], carry)

    # All but without noise, which each side draws in its own way.
    carry, _ = train(*begin(1e-9), order[:CHECKED])
    matrices = (carry.net.layers[0].weight, carry.state.learned[0].weight)
    check = sum(float(jnp.abs(matrix).sum()) for matrix in matrices)

    carry, learner = begin(SIGMA)

    def once():
        nonlocal carry
        carry, metrics = train(carry, learner, order)
        jax.block_until_ready((carry, metrics))

    return {"seconds": timed(once, len(order)), "check": check}


def main(work, file):
    kinds = {"lc": LocallyConnected2d, "conv": Conv2d}
    print(json.dumps(passes(kinds[work], file) if work in kinds else dtp(file)))


if __name__ == "__main__":
    main(*sys.argv[1:])
