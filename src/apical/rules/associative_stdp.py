"""Local STDP with fixed associativity: a weight sees two rates and a sign, and no error."""

from abc import abstractmethod

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.data.preprocessing import UnitRange
from apical.errors import UsageError
from apical.feedback import Transport
from apical.networks.activations import sigmoid
from apical.networks.initialisers import TorchDefault
from apical.networks.layers import Fc
from apical.networks.layers.pairing import pair
from apical.networks.losses import BinaryCrossEntropy
from apical.networks.network import Network
from apical.rules.rule import Batch, Credit, Rule, State, Traits
from apical.settings import Settings
from apical.values.spelling import spell
from apical.values.value import Value

SMALLEST_EPS = 1e-30


class Curve(Value):
    """How strongly a pair of firing rates changes the weight between them: dW before its sign.

    A rate is the inverse of a spike time: x = 1/T_pre, p = 1/T_post, and dT = T_post - T_pre.
    """

    @abstractmethod
    def __call__(self, x: Array, p: Array) -> Array:
        """dW at presynaptic rates x and postsynaptic rates p in [0, 1], element by element."""


class Corrected(Curve):
    """dW = x^3 p (x - p) / ((2p - x)^2 + eps) = dT / (T_pre^2 (T_pre - dT)^2) at eps = 0.

    Its peak at p = x/2, that is at dT = T_pre, has the height x^5 / (4 eps).
    Source: Gupta 2020, equations (3), (6) and (7).
    """

    eps: float = 1e-9

    def __check_init__(self):
        if not SMALLEST_EPS <= self.eps < float("inf"):
            raise UsageError(
                f"eps: must be at least {SMALLEST_EPS:g}, or the peak at p = x/2 overflows; "
                f"got {self.eps:g}, try 1e-9"
            )

    def __call__(self, x, p):
        return x**3 * p * (x - p) / ((2 * p - x) ** 2 + self.eps)


class Hebbian(Curve):
    """dW = x p (x - p) = dT / (T_pre^2 (T_pre + dT)^2), with no pole.

    Source: Gupta 2020, equations (4) and (5), which are one.
    """

    def __call__(self, x, p):
        return x * p * (x - p)


class Signs(Value):
    """How labels become global signs: one for each example and output unit."""

    @abstractmethod
    def check(self, net: Network) -> None:
        """Raises `UsageError` for a network that these signs do not suit."""

    @abstractmethod
    def __call__(self, y: Float[Array, "batch units"]) -> Float[Array, "batch units"]:
        """s(y), from encoded labels."""


class TwoClasses(Signs):
    """s = +1 for y = 1 and -1 for y = 0, the same for every unit of the network.

    Source: Gupta 2020.
    """

    def check(self, net):
        if net.units > 1:
            raise UsageError(
                "associative-stdp: its one global sign tells two classes apart, and the network "
                f"has {net.units} outputs; choose two classes, as in classes 0 1, or "
                "signs one-vs-rest"
            )

    def __call__(self, y):
        return 2 * y - 1


class OneVsRest(Signs):
    """One output unit a class. Its sign is +1 for examples of its class and -`rest` for all others.

    With `rest` = 1 each output tells two classes apart. With 1 / (classes - 1) the many examples of
    other classes weigh as much together as those of its own. Ours: the paper names no way to more
    than two classes.
    """

    rest: float = 1.0

    def __check_init__(self):
        if not self.rest > 0:
            raise UsageError(f"rest: must be positive, got {self.rest:g}; try one-vs-rest:0.111")

    def check(self, net):
        for l, layer in enumerate(net.layers[:-1], start=1):
            if (units := layer.out_shape[-1]) < 2 * net.units:
                raise UsageError(
                    f"one-vs-rest: each of {net.units} classes needs two units or more in every "
                    f"hidden layer, layer {l} has {units} in all; give it more"
                )

    def __call__(self, y):
        return jnp.where(y > 0.5, 1.0, -self.rest).astype(y.dtype)


class Reduction(Value):
    """How the changes that single examples ask for become a minibatch's."""

    @abstractmethod
    def divisor(self, examples: int) -> int:
        """What the sum over so many examples is divided by."""


class Mean(Reduction):
    """The mean over the examples, as every other rule has it."""

    def divisor(self, examples):
        return examples


class Sum(Reduction):
    """The sum over the examples; Adam cannot tell it from the mean."""

    def divisor(self, examples):
        return 1


class AssociativeSTDP(Rule):
    """Local STDP with fixed associativity: a weight sees two rates and a sign, and no error.

    dW_ij = Z_i s(y) curve(x_j, p_i), with curve(x, p) = x^3 p (x - p) / ((2p - x)^2 + eps).

    x_j and p_i are the rates (activities) on both sides of the weight. The network's output is not
    compared with the label. Z_i is the unit's associativity: +1 for one half of each hidden layer
    and -1 for the other, drawn once, and +1 for an output unit. The one global sign is s = +1 for
    y = 1 and -1 for y = 0. A bias is a weight from a unit at rate 1. The pseudo-gradient is -dW,
    averaged over the batch.

    With several outputs (`signs`), hidden units are dealt out to them in equal blocks, and every
    unit follows its own output's sign.

    The teaching signal of unit i is -Z_i s(y): the third factor of the change, not an error. Inputs
    must lie in [0, 1], and the recipe scales them so. Its batches of 40 suit the irises; the paper
    takes 100 for MNIST.

    Source: Gupta 2020, arXiv 2011.12012. How Z is dealt out is ours.
    """

    name = "associative-stdp"
    recipe = Settings(
        hidden=(Fc(32), Fc(16)),
        activation=sigmoid,
        loss=BinaryCrossEntropy(),
        init=TorchDefault(),
        preprocessing=UnitRange(),
        optimizer="adam",
        lr=1e-3,
        batch_size=40,
    )
    curve: Curve = Corrected()
    """The change as a function of the two rates."""
    signs: Signs = TwoClasses()
    """How labels become global signs; more than two classes need one-vs-rest."""
    reduction: Reduction = Mean()
    """How the changes of single examples become a minibatch's."""

    @property
    def traits(self) -> Traits:
        independent = isinstance(self.reduction, Mean)
        return Traits(
            transport=Transport.NONE,
            error_driven=False,
            independent=independent,
            derivative_free=True,
            memoryless=True,
            local=True,
        )

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        self._check(net)
        widths = [layer.out_shape[-1] for layer in net.layers[:-1]]
        keys = jax.random.split(key, len(widths))
        hidden = (balanced(width, net.units, k) for width, k in zip(widths, keys, strict=True))
        return State(kept=(*hidden, jnp.ones(net.units)))

    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        record = net.record(batch.x)
        signs = self.signs(batch.y)
        third = tuple(
            Z * followed(signs, layer.out_shape)
            for Z, layer in zip(state.kept, net.layers, strict=True)
        )
        scale = -1 / self.reduction.divisor(batch.x.shape[0])

        def change(x, post):
            p, factor = post
            return scale * factor * self.curve(x, p)

        layers = tuple(
            pair(layer, change, x, (p, factor))
            for layer, x, p, factor in zip(
                net.layers, record.activities[:-1], record.activities[1:], third, strict=True
            )
        )
        return Credit(
            Network(layers, net.loss), tuple(-factor for factor in third), kept=state.kept
        )

    def _check(self, net: Network) -> None:
        for l, layer in enumerate(net.layers, start=1):
            if layer.activation != sigmoid:
                raise UsageError(
                    f"{self.name}: rates must lie in [0, 1], so every layer must be sigmoid; layer "
                    f"{l} is {spell(layer.activation)}; use activation sigmoid "
                    "and loss binary-cross-entropy"
                )
        self.signs.check(net)


def block_sizes(units: int, classes: int) -> list[int]:
    """How many of a layer's units, in order, follow each class; the numbers differ by 1 at most."""
    return [(k + 1) * units // classes - k * units // classes for k in range(classes)]


def followed(signs: Float[Array, "batch classes"], shape: tuple[int, ...]) -> Array:
    """The sign that each unit of a layer of this shape follows: (batch, *shape).

    In a layer of images, the blocks are of channels.
    """
    sizes = jnp.array(block_sizes(shape[-1], signs.shape[1]))
    own = jnp.repeat(signs, sizes, axis=1, total_repeat_length=shape[-1])
    places = (1,) * (len(shape) - 1)
    return jnp.broadcast_to(own.reshape(-1, *places, shape[-1]), (signs.shape[0], *shape))


def balanced(units: int, classes: int, key: PRNGKeyArray) -> Float[Array, " units"]:
    """Z of a hidden layer: in each class's block as many +1 as -1 (or one +1 more), shuffled."""
    sizes = block_sizes(units, classes)
    return jnp.concatenate(
        [
            jax.random.permutation(k, 1.0 - 2.0 * (jnp.arange(size, dtype=float) % 2))
            for size, k in zip(sizes, jax.random.split(key, classes), strict=True)
        ]
    )
