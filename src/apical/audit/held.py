"""A network whose activity is held, so that its weights can change without it.

What is left of the weights' influence is what a rule reads of them: to lead signals, for example.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.networks.activations import Activation
from apical.networks.layers import Layer, StandIn
from apical.networks.layers.pairing import pair
from apical.networks.network import Network

Batched = Float[Array, "batch ..."]


class Tapped(Activation):
    """An activation whose derivative is `slope` times its own, and which is equal to it.

    So what depends on `slope` reads the derivative of the activation. It is given by a function, as
    no array may be static.
    """

    name = ""
    base: Activation
    slope: Callable[[], Any]

    @property
    def lowest(self):
        return self.base.lowest

    @property
    def highest(self):
        return self.base.highest

    @property
    def couples(self):  # type: ignore[override]
        return self.base.couples

    def __eq__(self, other):
        return self is other or self.base == other

    def __hash__(self):
        return id(self)  # programs are compiled for this one alone

    def __call__(self, a):
        @jax.custom_jvp
        def tapped(a, slope):
            return self.base(a)

        @tapped.defjvp
        def _(primals, tangents):
            (a, slope), (moved, _) = primals, tangents
            h, change = jax.jvp(self.base, (a,), (moved,))
            return h, slope * change

        return tapped(a, self.slope())


def _given(slope: Array) -> Array:
    return slope


class Held(StandIn):
    """A layer that gives the recorded preactivation for what it read then.

    With `traced`, it gives that for any minibatch of the same size, without a trace of weights and
    input; its derivative is the layer's. Otherwise other inputs give what they would, so that who
    asks twice learns of the weights.
    """

    weight: Float[Array, "..."]
    bias: Float[Array, "..."] | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    original: Layer
    read: Batched
    recorded: Batched
    traced: bool = eqx.field(static=True)

    def preactivation(self, x):
        plain = self.original.with_parameters(self.weight, self.bias)
        if x.shape[0] != self.recorded.shape[0]:
            return plain.preactivation(x)
        if not self.traced:
            before = jax.lax.stop_gradient(plain.preactivation(self.read))
            return self.recorded + (plain.preactivation(x) - before)

        @jax.custom_jvp
        def given(plain, x, recorded):
            return recorded

        @given.defjvp
        def _(primals, tangents):
            (plain, x, recorded), (plain_moved, x_moved, moved) = primals, tangents
            _, change = jax.jvp(lambda p, x: p.preactivation(x), (plain, x), (plain_moved, x_moved))
            return recorded, change + moved

        return given(plain, x, self.recorded)


@pair.register
def _(layer: Held, change, x, post) -> Held:
    """A held layer joins the units that its original joins."""
    changed = pair(layer.original, change, x, post)
    return layer.with_parameters(changed.weight, changed.bias)


def held(
    net: Network,
    x: Batched,
    preactivations: tuple[Batched, ...],
    slopes: tuple[Array, ...],
    *,
    traced: bool,
) -> Network:
    """The network whose forward pass on x is given, and whose derivatives are tapped."""
    read, layers = x, []
    for layer, a, slope in zip(net.layers, preactivations, slopes, strict=True):
        tapped = Tapped(layer.activation, partial(_given, slope))
        fields = layer.weight, layer.bias, layer.in_shape, tapped
        layers.append(Held(*fields, layer, read, a, traced))
        read = layer.activation(a)
    return Network(tuple(layers), net.loss)


def tapped(net: Network, slopes: tuple[Array, ...]) -> Network:
    """The same network, whose derivatives are tapped."""
    layers = tuple(
        dataclasses.replace(layer, activation=Tapped(layer.activation, partial(_given, slope)))
        for layer, slope in zip(net.layers, slopes, strict=True)
    )
    return Network(layers, net.loss)


def ones(net: Network) -> tuple[Array, ...]:
    """The slopes at which every derivative is its own."""
    return tuple(jnp.ones(()) for _ in net.layers)
