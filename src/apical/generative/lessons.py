"""What of inference the maps learn from: the values that it ends with, or how it got there.

Sources: Bengio, Lee, Bornschein, Mesnard & Lin 2015, algorithm 2, and the form of the weight change
that they read from spike-timing-dependent plasticity (STDP), dW_ij = S_i dV_j/dt.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from apical.generative.inference import Inference, inferred, observed, step
from apical.generative.stack import Hidden, Stack, Visible
from apical.networks.layers import Layer
from apical.values.value import Value

Corruption: TypeAlias = Callable[[Hidden], tuple[tuple[Visible, ...], Hidden]]
"""What encoders and decoders read of h, each from below; with the same noise at every call."""


class Update(eqx.Module):
    """What one minibatch says of the maps."""

    gradients: PyTree
    """What an optimizer descends, averaged over the batch; shaped like what is learned."""
    loss: Float[Array, ""]
    """The sum of the local losses, averaged over the batch."""


class Lesson(Value):
    """What of inference the maps learn from.

    !!! example

        >>> import apical
        >>> model = apical.IteratedTargetProp((20, 5), lesson="temporal-derivative")
        >>> model.lesson
        TemporalDerivative()
    """

    @abstractmethod
    def learn(
        self, stack: Stack, x: Visible, by: Inference, corrupt: Corruption
    ) -> tuple[Hidden, Update]:
        """h as inferred from x, and what a minibatch says of the maps.

        The loss is that of the final values under every lesson, so that runs can be compared.
        """


class FinalValues(Lesson):
    """The inferred h are targets: every map descends half its squared error (`update`)."""

    def learn(self, stack, x, by, corrupt):
        h = inferred(stack, x, by)
        return h, update(stack, x, h, *corrupt(h))


class TemporalDerivative(Lesson):
    """dW_ij = sum_t S_i(t) (h_j(t+1) - h_j(t)): what is read times how the unit goes on to move.

    No derivative of an activation is taken, here or in inference by difference targets.

    *Encoders.* S(t) is what f_l reads: h_{l-1}(t), and its corruption, which is held along the way.
    h_l begins at f_l(S(0)), goes to f_l(h_{l-1}(0)) as the noise ends, and then along inference to
    h_l(T). Were S held too, as it is in l = 1, where x is clamped, then the sum would be
    S (h_l(T) - f_l(S)): the change by final values without the factor s'.

    *Decoders.* The layer below goes from g_l(h~_l) to its inferred h_{l-1} while h~_l is held: the
    sum is h~_l (h_{l-1} - g_l(h~_l)), again the change by final values without s'.

    *Variational EM.* Let J = log p(x, h) + (beta / delta) log q(h | x), and nothing be corrupted.
    Tests hold three statements, in which each h is a potential V: maps read s(V), and what they
    give is linear in what they have read.

    1. Let inference start at the feedforward state and ascend J (`TrueGradient`, alpha = delta). A
       step of it and the change of W_l that it makes are then one gradient step of size delta on J,
       with a relative error that falls in proportion to delta. The gradient is that of J by W_l
       where h_l = f_l(h_{l-1}) and the other layers are held; with one hidden layer it is the whole
       gradient. N steps make one of size N delta.
    2. The same holds for a decoder's weights from a state with h_{l-1} = g_l(h_l), as decoders
       generate it, while h_l is held.
    3. At any h, the change of a decoder's weights is the gradient of J by them, at any delta.

    Where h is an activity s(V), as in our networks, the gradient by the weights of a unit has a
    factor s'(V) > 0 for each example, and the change here lacks it.
    """

    def learn(self, stack, x, by, corrupt):
        above = stack.encoders[1:]
        evidence, start = observed(stack, x, by), stack.encode(x)
        read = corrupt(start)[0][1:]
        noise = [s - h for s, h in zip(read, start[:-1], strict=True)]
        begin = [f(s) for f, s in zip(above, read, strict=True)]

        def go_on(_, now):
            h, sums = now
            moved = step(stack, evidence, h, by)
            reads = [a + n for a, n in zip(h[:-1], noise, strict=True)]
            passed = _passed(above, reads, h[1:], moved[1:])
            return moved, jax.tree.map(jnp.add, sums, passed)

        noise_ends = _passed(above, read, begin, start[1:])
        h, sums = jax.lax.fori_loop(0, by.steps, go_on, (start, noise_ends))
        (first, *others), decoders = _facing(stack, x, h, *corrupt(h))
        gradients = Stack((first.held, *sums), tuple(one.held for one in decoders))
        return h, Update(gradients, _loss([first, *others, *decoders]))


def update(stack: Stack, x: Visible, h: Hidden, up: tuple[Visible, ...], down: Hidden) -> Update:
    """The gradients of 1/2 |f_l(up_l) - h_l|^2 and 1/2 |g_l(down_l) - h_{l-1}|^2, h_0 = x.

    **Arguments:**

    - `h`: the inferred activities, which are constants here: nothing is led through inference.
    - `up`, `down`: what encoders and decoders read, each from below.
    """
    encoders, decoders = _facing(stack, x, h, up, down)
    gradients = Stack(*(tuple(one.descent for one in maps) for maps in (encoders, decoders)))
    return Update(gradients, _loss(encoders + decoders))


class _Facing(NamedTuple):
    """A map that faces its target: what it reads, its preactivation, and its error."""

    layer: Layer
    reads: Visible
    a: Float[Array, "batch _"]
    error: Float[Array, "batch _"]

    @property
    def descent(self) -> Layer:
        """The gradient of half the squared error."""
        return self.layer.gradient(self.reads, self.layer.modulate(self.a, self.error))

    @property
    def held(self) -> Layer:
        """Minus the change by a way from the map's activity to the target, while it reads this."""
        return self.layer.gradient(self.reads, self.error)


def _facing(
    stack: Stack, x: Visible, h: Hidden, up: tuple[Visible, ...], down: Hidden
) -> tuple[list[_Facing], list[_Facing]]:
    """Encoders and decoders before the inferred values."""

    def face(layer: Layer, reads: Visible, target: Visible) -> _Facing:
        a = layer.preactivation(reads)
        return _Facing(layer, reads, a, layer.activation(a) - target)

    return (
        [face(*each) for each in zip(stack.encoders, up, h, strict=True)],
        [face(*each) for each in zip(stack.decoders, down, (x, *h[:-1]), strict=True)],
    )


def _loss(maps: list[_Facing]) -> Float[Array, ""]:
    """The sum of half the squared errors, averaged over the batch."""
    losses = (jnp.sum(one.error**2) / (2 * len(one.error)) for one in maps)
    return sum(losses, jnp.zeros(()))


def _passed(
    layers: tuple[Layer, ...],
    reads: Sequence[Visible],
    before: Sequence[Visible],
    after: Sequence[Visible],
) -> tuple[Layer, ...]:
    """Minus S_i (h_j after - h_j before) for the weights of each layer, averaged over the batch.

    The sign is that of a gradient, which optimizers descend.
    """
    return tuple(
        layer.gradient(s, b - a)
        for layer, s, b, a in zip(layers, reads, before, after, strict=True)
    )
