"""From settings to a network that fits a data set."""

import jax
from jaxtyping import PRNGKeyArray

from apical.errors import UsageError
from apical.networks.layers import Fc, Layer
from apical.networks.layers.transmitted import transmitted
from apical.networks.network import Network
from apical.networks.transmission import Graded, Transmission
from apical.settings import Settings
from apical.values.spelling import spell


def build(
    settings: Settings, in_shape: tuple[int, ...], n_classes: int, key: PRNGKeyArray
) -> Network:
    """The hidden layers of the settings and a fully connected output, with initial weights.

    Raises `UsageError` for softmax in a hidden layer, for a layer that cannot read what is below
    it, and for an output activation that the loss cannot be read off.
    """
    hidden, loss = settings.activation, settings.loss
    if hidden.couples and settings.hidden:
        raise UsageError(
            f"activation: {spell(hidden)} couples the units of a layer and is for the output only; "
            "use tanh, sigmoid, relu, softplus or identity"
        )
    output = loss.link if settings.output is None else settings.output

    specs = (*settings.hidden, Fc(settings.target.units(loss, in_shape, n_classes)))
    activations = [hidden] * len(settings.hidden) + [output]
    keys = jax.random.split(key, len(specs))
    layers: list[Layer] = []
    sent: Transmission = Graded()
    shape = in_shape
    for spec, activation, k in zip(specs, activations, keys, strict=True):
        try:
            layer = spec.create(shape, activation, key=k, init=settings.init, bias=settings.bias)
            spec.sends.check(activation)
        except UsageError as error:
            raise UsageError(f"hidden: layer {len(layers) + 1}, {spell(spec)}: {error}") from None
        layers.append(transmitted(layer, sent))
        shape, sent = layer.out_shape, spec.sends
    return Network(tuple(layers), loss)
