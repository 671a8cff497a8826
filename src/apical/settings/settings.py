"""Everything a run may be asked for besides its rule, its data and its seeds.

One flat, frozen value: the command line's flags, the keywords of `apical.fit`,
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

from apical.data.augmentation import Augmentation, Unchanged
from apical.data.preprocessing import Preprocessing
from apical.errors import LARGEST, UsageError, at_least_one, positive
from apical.networks.activations import Activation, tanh
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Fc, LayerSpec
from apical.networks.losses import CrossEntropy, Loss
from apical.networks.targets import Label, Target
from apical.settings.partial_batches import Drop, PartialBatch
from apical.settings.schedules import Constant, Schedule
from apical.settings.turns import Alternation
from apical.values.spelling import decode, encode
from apical.values.value import read_fields


@dataclass(frozen=True)
class Settings:
    """Settings of the network, the optimizers and the loop."""

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
    schedule: Schedule = Constant()
    """How the learning rate goes over the whole run; cosine and linear end at zero."""
    clip_norm: float | None = None
    """Clip the pseudo-gradients to this global norm."""
    weight_decay: float = 0.0
    """L2 decay, added to the weights' pseudo-gradients before the optimizer."""

    learned_optimizer: str | None = None
    """Optimizer of what a rule learns besides the network, as inverses; None: `optimizer`."""
    learned_lr: float | None = None
    """Learning rate of what a rule learns besides the network; None: `lr`."""
    learned_optimizer_args: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Further arguments of the learned optimizer; on top of `optimizer_args` if
    `learned_optimizer` is None."""
    alternate: Alternation | None = None
    """Take turns: step what the rule learns first, then the network, by whole passes over the
    training set (epoch) or at every minibatch (batch); None: both at once."""

    epochs: int = 10
    """Passes over the training set; with `alternate` epoch, one epoch makes two passes."""
    batch_size: int = 100
    """Examples a step."""
    steps_per_epoch: int | None = None
    """End an epoch after so many steps; None: all of the training set."""
    partial_batch: PartialBatch = Drop()
    """What becomes of a last batch that is not full: left out of this epoch's
    shuffle (drop), or filled up from its beginning (wrap)."""
    passes: int = 10
    """Forward passes that an evaluation averages, if units send samples of their activity."""
    record_test: bool = False
    """Evaluate the test set after every epoch too: for curves, never for selection."""

    def __post_init__(self):
        read_fields(self)
        positive(lr=self.lr, learned_lr=self.learned_lr, clip_norm=self.clip_norm)
        at_least_one(
            epochs=self.epochs,
            batch_size=self.batch_size,
            passes=self.passes,
            steps_per_epoch=self.steps_per_epoch,
        )
        if not 0 <= self.weight_decay <= LARGEST:
            raise UsageError(f"weight_decay: must be 0 or more and finite, got {self.weight_decay}")

    def to_json(self) -> dict[str, Any]:
        """What a run's config.json holds of them."""
        return encode(vars(self))

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
