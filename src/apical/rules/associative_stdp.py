"""Local STDP with fixed associativity: each weight sees two rates, a sign and no error."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.data.preprocessing import UnitRange
from apical.errors import UsageError
from apical.feedback import Transport
from apical.networks.activations import sigmoid
from apical.networks.initialisers import TorchDefault
from apical.networks.layers.pairing import pair
from apical.networks.losses import BinaryCrossEntropy
from apical.networks.network import Network
from apical.rules.reduction import Mean, Reduction
from apical.rules.rule import Credit, Rule, State, Traits
from apical.rules.stdp_curve import Corrected, Curve
from apical.rules.stdp_signs import Signs, TwoClasses
from apical.settings import Settings


class AssociativeSTDP(Rule):
    """dW_ij = Z_i s(y) curve(x_j, p_i), with curve(x, p) = x^3 p (x - p) / ((2p - x)^2 + eps).

    x_j and p_i are the rates (activities) on both sides of the weight; the output the network gives
    is compared with nothing. Z_i, the unit's associativity, is +1 or -1, half of each hidden layer
    each, drawn once; an output's is +1. The one global sign is s = +1 for y = 1, -1 for y = 0.
    A bias is a weight from a unit at rate 1. The pseudo-gradient is -dW, averaged over the batch.

    With several outputs (`signs`), hidden units are dealt out to them in equal blocks, and every
    unit follows its own output's sign.

    The teaching signal of unit i is -Z_i s(y): the third factor of the change, not an error.
    Inputs must lie in [0, 1], and the recipe scales them so; its batches of 40 suit the
    irises (the paper takes 100 for MNIST).

    Source: Gupta 2020, arXiv 2011.12012. How Z is dealt out is ours.
    """

    name = "associative-stdp"
    recipe = Settings(
        hidden=(32, 16),
        activation="sigmoid",
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
    """How a minibatch's changes are put together."""

    @property
    def traits(self):
        independent = isinstance(self.reduction, Mean)
        return Traits(transport=Transport.NONE, supervised=False, independent=independent)

    def init(self, net, batch, key):
        self._check(net)
        widths = [layer.out_shape[-1] for layer in net.layers[:-1]]
        keys = jax.random.split(key, len(widths))
        hidden = (balanced(width, net.units, k) for width, k in zip(widths, keys, strict=True))
        return State(kept=(*hidden, jnp.ones(net.units)))

    def credit(self, net, state, batch, key):
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
            if layer.activation is not sigmoid:
                raise UsageError(
                    f"{self.name}: rates must lie in [0, 1], so every layer must be sigmoid; layer "
                    f"{l} is {layer.activation.__name__}; use --activation sigmoid "
                    "--loss binary-cross-entropy"
                )
        self.signs.check(net)


def block_sizes(units: int, classes: int) -> list[int]:
    """How many of a layer's units, in order, follow each class: as equal as can be."""
    return [(k + 1) * units // classes - k * units // classes for k in range(classes)]


def followed(signs: Float[Array, "batch classes"], shape: tuple[int, ...]) -> Array:
    """The sign that each unit of a layer follows, (batch, *shape); channels are blocked, if any."""
    sizes = jnp.array(block_sizes(shape[-1], signs.shape[1]))
    own = jnp.repeat(signs, sizes, axis=1, total_repeat_length=shape[-1])
    places = (1,) * (len(shape) - 1)
    return jnp.broadcast_to(own.reshape(-1, *places, shape[-1]), (signs.shape[0], *shape))


def balanced(units: int, classes: int, key: PRNGKeyArray) -> Float[Array, " units"]:
    """Z of a hidden layer: in each class's block as many +1 as -1 (one more if odd), shuffled."""
    sizes = block_sizes(units, classes)
    return jnp.concatenate(
        [
            jax.random.permutation(k, 1.0 - 2.0 * (jnp.arange(size) % 2))
            for size, k in zip(sizes, jax.random.split(key, classes), strict=True)
        ]
    )
