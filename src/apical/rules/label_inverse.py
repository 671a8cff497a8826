"""What SDTP and AO-SDTP share: the inverse of the output leads the label down to the uppermost
target."""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx

from apical.initialisers import Initialiser
from apical.network import Network
from apical.positive import positive
from apical.ranges import Log, Space
from apical.rules.inverses import Activity, difference_targets
from apical.rules.rule import State
from apical.rules.target_propagation import BOTH_ADAMS, TargetPropagation
from apical.traits import Traits, Transport


class LabelInverse(TargetPropagation):
    """ĥ_{L-1} = h_{L-1} + step (g_L(y) - g_L(h_L));  ĥ_{l-1} = h_{l-1} - g_l(h_l) + g_l(ĥ_l).

    No gradient crosses a layer and no forward weights carry a signal.
    """

    space: ClassVar[Space] = {**BOTH_ADAMS, "step": Log(0.01, 1.0)}
    step: eqx.AbstractVar[float]
    """How far the uppermost target goes from the activity; the paper's is 1."""
    output_inverse: eqx.AbstractVar[str]
    """Activation of g_L; the paper's is that of the hidden layers."""
    law: eqx.AbstractVar[Initialiser]
    """How the inverses are drawn."""

    def __check_init__(self):
        positive(step=self.step)

    @property
    def traits(self):
        return Traits(transport=Transport.NONE)

    @abstractmethod
    def read(self, state: State, h: Activity, output: Activity) -> Activity:
        """What g_L reads of an output, or of the label in its place, above activity h."""

    def targets(self, net: Network, state, record, batch):
        *lower, g = state.learned
        hidden = record.activities[1:-1]
        label, output = (self.read(state, hidden[-1], o) for o in (batch.y, record.output))
        top = hidden[-1] + self.step * (g(label) - g(output))
        return difference_targets(lower, hidden, top)
