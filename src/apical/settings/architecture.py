"""Settings of a network and of what it is trained towards."""

from dataclasses import dataclass

from apical.networks.activations import Activation, tanh
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Fc, LayerSpec
from apical.networks.losses import CrossEntropy, Loss
from apical.networks.targets import Label, Target


@dataclass(frozen=True)
class Architecture:
    """The layers of a network, its loss and its target."""

    hidden: tuple[LayerSpec, ...] = (Fc(500),)
    """Hidden layers, from the input up: 500, short for fc:500, is fully connected; lc:3x3,32,s2 is
    locally connected and conv:3x3,32,s2 convolutional (kernel, channels, s: stride, p: zeros on
    each side; none given: stride 1 keeps the shape)."""
    activation: Activation = tanh
    """Activation of the hidden layers."""
    output: Activation | None = None
    """Activation of the output layer; None: the one that goes with the loss."""
    loss: Loss = CrossEntropy()
    """What the network is trained on."""
    target: Target = Label()
    """What it is trained towards: the label, or its own input (an autoencoder)."""
    init: Initialiser = Glorot()
    """How the forward weights are drawn; a number follows a colon, as in uniform:0.1."""
    bias: bool = True
    """Whether layers have biases (zero at the start)."""
