"""From settings to a network that fits a data set."""

import jax
from jaxtyping import PRNGKeyArray

from apical.activations import ACTIVATIONS, Activation
from apical.errors import UsageError
from apical.layers import Dense
from apical.network import Network
from apical.settings import Settings
from apical.suggest import unknown


def build(
    settings: Settings, in_shape: tuple[int, ...], n_classes: int, key: PRNGKeyArray
) -> Network:
    """A fully connected network with weights drawn from `settings.init`.

    Raises `UsageError` for an unknown activation, for softmax in a hidden layer,
    and for an output activation that the loss cannot be read off.
    """
    hidden = _activation(settings.activation)
    if hidden is ACTIVATIONS["softmax"] and settings.hidden:
        raise UsageError(
            "activation: softmax couples the units of a layer and is for the output only; "
            "use tanh, sigmoid, relu, softplus or identity"
        )
    loss = settings.loss
    output = loss.link if settings.output is None else _activation(settings.output)

    units = [*settings.hidden, loss.units(n_classes)]
    activations = [hidden] * len(settings.hidden) + [output]
    layers = []
    shape = in_shape
    for k, n, activation in zip(jax.random.split(key, len(units)), units, activations, strict=True):
        layers.append(
            Dense.create(shape, n, activation, key=k, init=settings.init, bias=settings.bias)
        )
        shape = (n,)
    return Network(tuple(layers), loss)


def _activation(name: str) -> Activation:
    if name not in ACTIVATIONS:
        raise UsageError(unknown("activation", name, ACTIVATIONS))
    return ACTIVATIONS[name]
