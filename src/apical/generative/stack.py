"""A stack of encoders and decoders: the maps of a generative model with layers of latent units."""

from itertools import pairwise

import equinox as eqx
from jaxtyping import Array, Float

from apical.errors import UsageError
from apical.networks.layers import Layer

Visible = Float[Array, "batch inputs"]
Hidden = tuple[Float[Array, "batch _"], ...]
"""h_1 to h_L, the activities of the latent layers."""


class Stack(eqx.Module):
    """h_l = f_l(h_{l-1}) upwards and h_{l-1} = g_l(h_l) downwards, with h_0 = x.

    `encoders` are f_1 to f_L and `decoders` g_1 to g_L, each with weights of its own.
    Raises `UsageError` if shapes do not fit together.
    """

    encoders: tuple[Layer, ...]
    decoders: tuple[Layer, ...]

    def __check_init__(self):
        ends = [(f.in_shape, f.out_shape) for f in self.encoders]
        back = [(g.out_shape, g.in_shape) for g in self.decoders]
        joined = all(below[1] == above[0] for below, above in pairwise(ends))
        if ends != back or not joined:
            raise UsageError(
                f"stack: encoders lead through {ends} and decoders back through {back}; make every "
                "decoder lead from its encoder's outputs to its inputs, and neighbours meet"
            )

    @property
    def depth(self) -> int:
        """L, the number of latent layers."""
        return len(self.encoders)

    @property
    def units(self) -> tuple[int, ...]:
        """Inputs, and units of each latent layer from below."""
        return (self.encoders[0].in_shape[0], *(f.out_shape[0] for f in self.encoders))

    def encode(self, x: Visible) -> Hidden:
        """h_l = f_l(h_{l-1}), all the way up."""
        h = []
        for f in self.encoders:
            x = f(x)
            h.append(x)
        return tuple(h)

    def decode(self, top: Float[Array, "batch units"]) -> Visible:
        """g_1(g_2(... g_L(h_L)))."""
        for g in reversed(self.decoders):
            top = g(top)
        return top
