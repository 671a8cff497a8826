"""What SDTP and AO-SDTP share: an inverse of the output, whose reading of the label makes the
uppermost target."""

from typing import ClassVar

import equinox as eqx

from apical.errors import positive
from apical.feedback import Transport
from apical.networks.initialisers import Initialiser
from apical.rules.rule import Traits
from apical.rules.target_propagation.rule import BOTH_ADAMS, TargetPropagation
from apical.values.ranges import Log, Space


class LabelInverse(TargetPropagation):
    """The uppermost target is `step` of the way from the activity to what g_L makes of the label.

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
