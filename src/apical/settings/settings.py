"""Everything a run may be asked for besides its rule, its data and its seeds.

One flat, frozen value: the command line's flags, the keywords of `apical.fit`,
a rule's recommended recipe and a run's config.json all are this.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, Literal, Self

from apical.data.augmentation import Augmentation, Unchanged
from apical.data.preprocessing import Preprocessing
from apical.errors import UsageError, at_least_one, positive, unknown
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.losses import CrossEntropy, Loss
from apical.networks.specs import Fc, LayerSpec
from apical.networks.targets import Label, Target
from apical.values.spelling import decode, encode


@dataclass(frozen=True)
class Settings:
    """Settings of the network, the optimizers and the loop."""

    hidden: tuple[int, ...] = (500,)
    """Units of each hidden layer, from the input up, all fully connected."""
    net: tuple[LayerSpec, ...] = ()
    """Hidden layers of any kind in place of these, as in: lc:3x3,32,s2 conv:3x3,64,s2 fc:1024
    (kernel, channels, s: stride, p: zeros on each side; none given: stride 1 keeps the shape)."""
    activation: str = "tanh"
    """Activation of the hidden layers."""
    output: str | None = None
    """Activation of the output layer; None: the one that goes with the loss."""
    loss: Loss = CrossEntropy()
    """What the network is trained on."""
    target: Target = Label()
    """What it is trained towards: the label, or its own input (an autoencoder)."""
    init: Initialiser = Glorot()
    """How the forward weights are drawn; a number follows a colon, as in uniform:0.1."""
    bias: bool = True
    """Whether layers have biases (zero at the start)."""
    preprocessing: Preprocessing | None = None
    """How raw examples become inputs; None: the data set's own."""
    augmentation: Augmentation = Unchanged()
    """Random changes of the training images, as in crop-flip:4."""

    optimizer: str = "adam"
    """Any optimizer of optax, by name."""
    lr: float = 1e-3
    """Learning rate (at the start, under a schedule)."""
    optimizer_args: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Further arguments of the optimizer, as in: b1 0.9 eps 1e-4."""
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    """How the learning rate goes over the whole run; cosine and linear end at zero."""
    clip_norm: float | None = None
    """Clip the pseudo-gradients to this global norm."""
    weight_decay: float = 0.0
    """L2 decay, added to the weights' pseudo-gradients before the optimizer."""

    learned_optimizer: str | None = None
    """Optimizer of what a rule learns besides the network (inverses, mirrors); None: the same."""
    learned_lr: float | None = None
    """Its learning rate; None: the same."""
    learned_optimizer_args: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Its further arguments; on top of the network's if its optimizer is the same."""
    alternate: Literal["epoch", "batch"] | None = None
    """Take turns: step what the rule learns first, then the network, by whole passes over the
    training set or at every minibatch; None: both at once."""

    epochs: int = 10
    """Passes over the training set; two make an epoch of turns by the epoch."""
    batch_size: int = 100
    """Examples a step."""
    steps_per_epoch: int | None = None
    """End an epoch after so many steps; None: all of the training set."""
    partial_batch: Literal["drop", "wrap"] = "drop"
    """What becomes of a last batch that is not full: left out of this epoch's
    shuffle, or filled up from its beginning."""
    passes: int = 10
    """Forward passes that an evaluation averages, if units send samples of their activity."""
    record_test: bool = False
    """Evaluate the test set after every epoch too: for curves, never for selection."""

    def __post_init__(self):
        listed = isinstance(self.hidden, tuple | list)
        if not listed or not all(isinstance(units, Integral) for units in self.hidden):
            raise UsageError(
                f"hidden: must be a whole number a layer, as in (500, 500); got {self.hidden}"
            )
        positive(lr=self.lr, learned_lr=self.learned_lr, clip_norm=self.clip_norm)
        at_least_one(
            epochs=self.epochs,
            batch_size=self.batch_size,
            passes=self.passes,
            steps_per_epoch=self.steps_per_epoch,
            **{f"hidden[{i}]": units for i, units in enumerate(self.hidden)},
        )
        if self.alternate not in (None, "epoch", "batch"):
            raise UsageError(unknown("alternate", str(self.alternate), ("epoch", "batch")))
        if not 0 <= self.weight_decay < math.inf:
            raise UsageError(f"weight_decay: must be 0 or more and finite, got {self.weight_decay}")

    @property
    def stack(self) -> tuple[LayerSpec, ...]:
        """The hidden layers, from the input up."""
        return self.net or tuple(Fc(units) for units in self.hidden)

    def to_json(self) -> dict[str, Any]:
        """What a run's config.json holds of them."""
        return encode(vars(self))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The settings that `to_json` wrote, by this apical or an earlier one.

        What is newer than the file has its default. Raises `UsageError` for a value that is none of
        apical's, `TypeError` for a setting that there is not.
        """
        return cls(**decode(stored))
