"""Settings that every learner's loop needs, whatever it learns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from apical.data.augmentation import Augmentation, Unchanged
from apical.data.image_files.framings import Framing
from apical.data.preprocessing import Preprocessing
from apical.errors import LARGEST, UsageError, at_least_one, positive, unknown
from apical.settings.matmul_precisions import Float32, MatmulPrecision
from apical.settings.partial_batches import Drop, PartialBatch
from apical.settings.schedules import Constant, Schedule
from apical.settings.stopping import Stop
from apical.values.spelling import encode
from apical.values.value import read_fields


@dataclass(frozen=True)
class Loop:
    """Settings of the data's way into training, the optimizer and the epochs.

    A subclass calls `_read` as it is made.
    """

    preprocessing: Preprocessing | None = None
    """How raw examples become inputs; None: the data set's own."""
    framing: Framing | None = None
    """How image files are cut to one size, as in random-resized:224; None: the data set's own."""
    augmentation: Augmentation = Unchanged()
    """Random changes of the training images, as in crop-flip:4."""

    optimizer: str = "adam"
    """Any optimizer of optax, by name."""
    lr: float = 1e-3
    """Learning rate (at the start, under a schedule)."""
    optimizer_args: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Further arguments of the optimizer, as in: b1 0.9 eps 1e-4."""
    schedule: Schedule = Constant()
    """How the learning rate goes over the whole run; cosine, linear and hold end at zero."""
    clip_norm: float | None = None
    """Clip the pseudo-gradients to this global norm."""
    weight_decay: float = 0.0
    """L2 decay, added to the weights' pseudo-gradients before the optimizer."""

    epochs: int = 10
    """Passes over the training set."""
    stop: tuple[Stop, ...] = ()
    """End a seed earlier by its validation scores, as early:5 (no better for so many epochs) or
    accuracy:0.97. Schedules of the learning rate go on as for all EPOCHS."""
    batch_size: int = 100
    """Examples a step; of a training set with fewer than a recipe's, all of them."""
    steps_per_epoch: int | None = None
    """End an epoch after so many steps; None: all of the training set."""
    partial_batch: PartialBatch = Drop()
    """What becomes of a last batch that is not full: left out of this epoch's
    shuffle (drop), or filled up from its beginning (wrap)."""
    record_test: bool = False
    """Evaluate the test set after every epoch too: for curves, never for selection."""

    matmul_precision: MatmulPrecision = Float32()
    """What accelerators round the factors of matrix products to: nothing (float32), tf32 or
    bfloat16, which are quicker."""

    def _read(self) -> None:
        """Read every field. Raises `UsageError` naming what is of another type or out of bounds."""
        read_fields(self)
        positive(lr=self.lr, clip_norm=self.clip_norm)
        at_least_one(
            epochs=self.epochs,
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
        )
        if not 0 <= self.weight_decay <= LARGEST:
            raise UsageError(f"weight_decay: must be 0 or more and finite, got {self.weight_decay}")

    def changed(self, changes: Mapping[str, Any], lists: str) -> Self:
        """With some fields otherwise; `lists` says which command shows all of them.

        Raises `UsageError` for a change of a setting that there is not.
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise UsageError(unknown("settings", name, known, f"`{lists}` lists all"))
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """What a run's config.json holds of them."""
        return encode(vars(self))
