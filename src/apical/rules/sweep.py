"""The layer-by-layer sweep that backpropagation and feedback alignment share."""

from collections.abc import Sequence

from jaxtyping import Array, Float

from apical.networks.layers import Layer
from apical.networks.network import Network, Record
from apical.rules.rule import Link


def sweep(
    net: Network, record: Record, error: Float[Array, "batch units"], feedback: Sequence[Layer]
) -> tuple[Float[Array, "batch ..."], ...]:
    """delta_L = error;  delta_l = sigma_l'(a_l) * (B_l delta_{l+1}), from the top down.

    `feedback[l]` leads from `net.layers[l + 1]` to `net.layers[l]`; with the
    transposed forward weights this is backpropagation.
    """
    signals = [error]
    for layer, back, a in reversed(
        list(zip(net.layers, feedback, record.preactivations, strict=False))
    ):
        signals.insert(0, layer.modulate(a, back.pull(signals[0])))
    return tuple(signals)


def chain(feedback: Sequence[Layer]) -> tuple[Link, ...]:
    """The links of a sweep: each feedback layer leads one layer down."""
    return tuple(Link(layer, source=l + 1, target=l) for l, layer in enumerate(feedback))
