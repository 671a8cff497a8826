"""Simplified difference target propagation: the label's inverse makes the uppermost target."""

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from apical.errors import at_least_one, positive
from apical.feedback import Transport
from apical.networks.activations import Activation, identity, tanh
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Dense, Layer, Transposed
from apical.networks.network import Network, Record
from apical.rules.rule import Batch, State, Traits
from apical.rules.target_propagation.dtp import difference_targets
from apical.rules.target_propagation.inverses import (
    Activity,
    Denoising,
    InverseLoss,
    LocalLoss,
    Map,
    Summed,
    inverses,
    inverses_and_outputs,
)
from apical.rules.target_propagation.rule import BOTH_ADAMS, TargetPropagation, needs_hidden_layers
from apical.values.ranges import Log, Space


class LabelInverse(TargetPropagation):
    """What SDTP and AO-SDTP share: an inverse of the output layer makes the uppermost target.

    No gradient crosses a layer and no forward weights carry a signal.
    """

    space: ClassVar[Space] = {**BOTH_ADAMS, "step": Log(0.01, 1.0)}
    step: eqx.AbstractVar[float]
    """How far the uppermost target goes from the activity; the paper's is 1."""
    output_inverse: eqx.AbstractVar[Activation]
    """Activation of g_L; the paper's is that of the hidden layers."""
    law: eqx.AbstractVar[Initialiser]
    """How the inverses are drawn."""

    def __check_init__(self):
        positive(step=self.step)

    @property
    def traits(self) -> Traits:
        return Traits(transport=Transport.NONE, memoryless=True)


class SDTP(LabelInverse):
    """Simplified DTP: the uppermost target is what the output's inverse makes of the label.

    ĥ_{L-1} = h_{L-1} + step (g_L(y) - g_L(h_L));  ĥ_{l-1} = h_{l-1} - g_l(h_l) + g_l(ĥ_l).

    No gradient crosses a layer and no forward weights carry a signal. The paper has `step` 1 and
    inverses of the hidden activation, `--step 1 --output-inverse tanh`. With those the rule learned
    less on MNIST, or lost what it had learned, so the defaults deviate: a shorter step and a linear
    g_L. `apical reproduce target-propagation` runs both.

    Source: Bartunov, Santoro, Richards, Marris, Hinton & Lillicrap 2018.
    """

    name = "sdtp"
    step: float = 0.03
    """How far the uppermost target goes from the activity; the paper's is 1."""
    output_inverse: Activation = identity
    """Activation of g_L; the paper's is that of the hidden layers."""
    inverse: InverseLoss = Denoising()
    """What the inverses learn."""
    local: LocalLoss = Summed()
    """How the squares of a local loss are put together."""
    law: Initialiser = Glorot()
    """How the inverses are drawn."""
    noise_halved_after: float | None = None
    """Epochs after which the inverses' noise is half of its sigma; None: it stays."""

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        needs_hidden_layers(self.name, net)
        learned = inverses_and_outputs(net.layers, self.law, key, self.output_inverse)
        return State(learned=learned, epoch=self.first_epoch)

    def inverted(self, net: Network, state: State) -> tuple[Layer, ...]:
        return net.layers[1:]

    def targets(
        self, net: Network, state: State, record: Record, batch: Batch
    ) -> tuple[Activity, ...]:
        *lower, g = state.learned
        hidden = record.activities[1:-1]
        top = hidden[-1] + self.step * (g(batch.y) - g(record.output))
        return difference_targets(lower, hidden, top)


class AOSDTP(LabelInverse):
    """Auxiliary-output SDTP: random features beside the output tell its inverse more.

    ĥ_{L-1} = h_{L-1} + step (g_L(y, z) - g_L(h_L, z)) with z = tanh(R h_{L-1}), R fixed; below that
    it is SDTP.

    An output of few units says little about the activity that caused it; z tells g_L the rest, and
    is the same in both terms. The paper has `step` 1 and an inverse of the hidden activation (see
    `SDTP`). It does not say how z is made.

    Source: Bartunov, Santoro, Richards, Marris, Hinton & Lillicrap 2018.
    """

    name = "ao-sdtp"
    step: float = 0.03
    """How far the uppermost target goes from the activity; the paper's is 1."""
    output_inverse: Activation = identity
    """Activation of g_L; the paper's is that of the hidden layers."""
    inverse: InverseLoss = Denoising(0.3)
    """What the inverses learn."""
    local: LocalLoss = Summed()
    """How the squares of a local loss are put together."""
    law: Initialiser = Glorot()
    """How the inverses are drawn."""
    features: int = 64
    """Number of auxiliary outputs z; the paper's is 512 on CIFAR-10."""
    noise_halved_after: float | None = None
    """Epochs after which the inverses' noise is half of its sigma; None: it stays."""

    def __check_init__(self):
        at_least_one(features=self.features)

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        needs_hidden_layers(self.name, net)
        for_hidden, for_output, for_features = jax.random.split(key, 3)
        lower = inverses(net.layers[:-1], self.law, for_hidden)
        below, law = net.layers[-1].in_shape, self.law
        features = Dense.create(below, self.features, tanh, key=for_features, init=law, bias=False)
        shape = net.units + self.features, math.prod(below)
        both = Dense(jnp.zeros(shape), None, below, identity)
        g = Transposed.create(both, self.output_inverse, key=for_output, init=law)
        return State(learned=(*lower, g), kept=features, epoch=self.first_epoch)

    def inverted(self, net: Network, state: State) -> tuple[Map, ...]:
        return (*net.layers[1:-1], Augmented(net.layers[-1], state.kept))

    def targets(
        self, net: Network, state: State, record: Record, batch: Batch
    ) -> tuple[Activity, ...]:
        *lower, g = state.learned
        hidden = record.activities[1:-1]
        z = state.kept(hidden[-1])
        top = hidden[-1] + self.step * (g(beside(batch.y, z)) - g(beside(record.output, z)))
        return difference_targets(lower, hidden, top)


class Augmented(eqx.Module):
    """h -> [f_L(h), z(h)]."""

    output: Layer
    features: Layer

    def __call__(self, h: Activity) -> Activity:
        return beside(self.output(h), self.features(h))


def beside(output: Activity, z: Activity) -> Activity:
    """[o, z]."""
    return jnp.concatenate([output, z], axis=-1)
