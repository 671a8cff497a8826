"""The layer-by-layer way down that backpropagation and feedback alignment share."""

from collections.abc import Sequence

from jaxtyping import Array, Float

from apical.networks.layers import Layer
from apical.networks.network import Network, Record
from apical.rules.rule import Pathway


def sweep(
    net: Network, record: Record, error: Float[Array, "batch units"], feedback: Sequence[Layer]
) -> tuple[Float[Array, "batch ..."], ...]:
    """delta_L = error;  delta_l = sigma_l'(a_l) * (B_l delta_{l+1}), from the top down.

    **Arguments:**

    - `record`: the forward pass, for the preactivations a_l.
    - `error`: the teaching signal of the output layer.
    - `feedback`: B_l at index l leads from `net.layers[l + 1]` to `net.layers[l]`. With the
      transposed forward weights the sweep is backpropagation.

    Returns delta_l of each layer, from the input up: (batch, *out_shape).
    """
    signals = [error]
    for layer, back, a in reversed(
        list(zip(net.layers, feedback, record.preactivations, strict=False))
    ):
        signals.insert(0, layer.modulate(a, back.pull(signals[0])))
    return tuple(signals)


def layer_by_layer(feedback: Sequence[Layer]) -> tuple[Pathway, ...]:
    """The pathways of a sweep: each feedback layer leads one layer down."""
    return tuple(Pathway(layer, source=l + 1, target=l) for l, layer in enumerate(feedback))
