"""Everything a run may be asked for besides what learns, its data and its seeds.

A flat, frozen value: the command line's flags, the keywords of `apical.fit`,
a rule's recommended recipe and a run's config.json all are this.

A field's value may be given as the text that spells it, and a list in place of a tuple. What is of
another type or out of bounds is a `UsageError` that names the field.

!!! example

    >>> Settings(hidden=[100, "fc:50,sign"], loss="squared-error").hidden
    (Fc(units=100), Fc(units=50, sends=Sign()))
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from apical.errors import UsageError, at_least_one, positive
from apical.measurements import Measurement
from apical.settings.architecture import Architecture
from apical.settings.loop import Loop
from apical.settings.turns import Alternation
from apical.values.spelling import decode


@dataclass(frozen=True)
class Settings(Loop, Architecture):
    """Settings of the network, the optimizers and the loop."""

    learned_optimizer: str | None = None
    """Optimizer of what a rule learns besides the network, as inverses; None: `optimizer`."""
    learned_lr: float | None = None
    """Learning rate of what a rule learns besides the network; None: `lr`."""
    learned_optimizer_args: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Further arguments of the learned optimizer; on top of `optimizer_args` if
    `learned_optimizer` is None."""
    alternate: Alternation | None = None
    """Take turns: step what the rule learns first, then the network, by whole passes over the
    training set (epoch; each epoch then makes two) or at every minibatch (batch); None: both at
    once."""

    passes: int = 10
    """Forward passes that an evaluation averages, if units send samples of their activity."""
    diagnose: tuple[Measurement, ...] = ()
    """What to measure beside the alignment before the first step and after every epoch, on the
    first 500 training examples: the angle of the updates to Gauss-Newton's, the share of saturated
    units, the effective rank of updates and activities. Each takes time (see
    `apical.measurements`) and changes no bit of training."""

    def __post_init__(self):
        self._read()
        positive(learned_lr=self.learned_lr)
        at_least_one(passes=self.passes)
        named = [each.name for each in self.diagnose]
        if twice := [name for name in named if named.count(name) > 1]:
            raise UsageError(f"diagnose: {twice[0]} is given twice; leave one out")

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The settings that `to_json` wrote, by this apical or an earlier one.

        What is newer than the file has its default. Raises `UsageError` for a value that is none of
        apical's, `TypeError` for a setting that there is not.
        """
        fields = decode(stored)
        if not isinstance(fields, dict):
            raise TypeError("settings")
        # When `hidden` held numbers alone, a stack with other layers stood in `net`.
        layers = fields.pop("net", ())
        return cls(**fields | ({"hidden": layers} if layers else {}))
