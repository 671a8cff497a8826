"""Networks small enough to check by hand, in float64.

NumPy draws their random numbers, for JAX would compile a program for every shape.
"""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from apical.errors import UsageError
from apical.networks.activations import Activation, identity, sigmoid, tanh
from apical.networks.layers import Conv2d, Dense, LocallyConnected2d, Window
from apical.networks.layers.transmitted import transmitted
from apical.networks.losses import CrossEntropy, Loss
from apical.networks.network import Network
from apical.networks.targets import encode
from apical.networks.transmission import Bernoulli, Graded, Sign, Transmission
from apical.rules import Batch, Rule

IN_SHAPE = (2, 3)
CLASSES = 3
EXAMPLES = 5


def network(
    hidden: tuple[int, ...] = (5, 4),
    activation: Activation = tanh,
    loss: Loss = CrossEntropy(),
    seed: int = 0,
    output: Activation | None = None,
    bias: bool = True,
    classes: int = CLASSES,
) -> Network:
    """A network for images of 2 x 3; its biases, if any, are not zero."""
    draw = np.random.default_rng(seed)
    shape: tuple[int, ...] = IN_SHAPE
    layers = []
    for units in hidden:
        layers.append(_dense(shape, units, activation, draw, bias))
        shape = (units,)
    top = loss.link if output is None else output
    layers.append(_dense(shape, loss.units(classes), top, draw, bias))
    return Network(tuple(layers), loss)


def sending(net: Network, *sent: Transmission) -> Network:
    """The network whose hidden layers, from the input up, send these."""
    first, *above = net.layers
    return Network((first, *map(transmitted, above, sent)), net.loss)


def discrete() -> Network:
    """The first of two hidden layers sends signs."""
    return sending(network(), Sign(), Graded())


def stochastic() -> Network:
    """Both hidden layers send samples."""
    return sending(network(activation=sigmoid), Bernoulli(), Bernoulli())


def suited_to(rule: Rule) -> Network:
    """A network of the kind that the rule's recipe asks for: for three classes and with two hidden
    layers, or with one, or for two classes if the rule refuses that."""
    recipe = rule.recipe
    for classes, hidden in itertools.product((CLASSES, 2), ((5, 4), (5,))):
        net = network(
            hidden,
            recipe.activation,
            recipe.loss,
            output=recipe.output,
            bias=recipe.bias,
            classes=classes,
        )
        try:
            rule.init(net, batch(net, min(EXAMPLES, recipe.batch_size)), jax.random.key(0))
        except UsageError:
            continue
        return net
    raise AssertionError(f"{rule.name}: its recipe suits none of the tiny networks")


def _dense(shape, units, activation, draw, bias) -> Dense:
    inputs = math.prod(shape)
    weight = draw.normal(size=(units, inputs)) / math.sqrt(inputs)
    biases = jax.device_put(draw.uniform(-0.3, 0.3, units)) if bias else None
    return Dense(jax.device_put(weight), biases, shape, activation)


def batch(net: Network, examples: int = EXAMPLES, seed: int = 1) -> Batch:
    """Random inputs and targets: one-hot, or 0 and 1 for a single output."""
    draw = np.random.default_rng((1, seed))  # not the numbers of a network of the same seed
    x = jax.device_put(draw.normal(size=(examples, *IN_SHAPE)))
    labels = draw.integers(0, max(net.units, 2), examples)
    return Batch(x, encode(jax.device_put(labels), net.units))


def satisfied(net: Network, given: Batch) -> Batch:
    """The same inputs with targets that the network meets exactly."""
    return Batch(given.x, jnp.asarray(net(given.x)))


def normal(shape: tuple[int, ...], seed: int = 0, spread: float = 1.0) -> jax.Array:
    """Normally distributed numbers."""
    return jax.device_put(np.random.default_rng(seed).normal(0.0, spread, shape))


def image_layer(kind, in_shape, window, channels=2, seed=0, activation=identity):
    """A layer whose biases are not zero."""
    shaped = eqx.filter_eval_shape(
        kind.create, in_shape, channels, activation, window, key=jax.random.key(0)
    )
    weight = normal(shaped.weight.shape, seed, 0.3)
    bias = normal(shaped.bias.shape, seed + 10, 0.3)
    return kind(weight, bias, in_shape, activation, window)


def images(in_shape: tuple[int, ...], count: int = 2) -> jax.Array:
    """Random images."""
    return normal((count, *in_shape), seed=1)


def image_network(in_shape, kinds=(LocallyConnected2d, Conv2d), activation=tanh):
    """Two layers of images, one fully connected, softmax."""
    first = image_layer(kinds[0], in_shape, Window((3, 3), 2), 2, 0, activation)
    second = image_layer(kinds[1], first.out_shape, Window((2, 2)), 3, 1, activation)
    draw, loss = np.random.default_rng(5), CrossEntropy()
    third = _dense(second.out_shape, 4, activation, draw, bias=True)
    output = _dense((4,), 3, loss.link, draw, bias=True)
    return Network((first, second, third, output), loss)


def image_batch(net: Network, examples: int = 3) -> Batch:
    """Random images and one-hot targets."""
    one_hot = jax.device_put(np.eye(net.units)[np.arange(examples) % net.units])
    return Batch(images(net.layers[0].in_shape, examples), one_hot)
