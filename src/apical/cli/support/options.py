"""Options that several commands share."""

from dataclasses import dataclass
from pathlib import Path

from apical.data import Dataset, load


@dataclass(frozen=True)
class DataOptions:
    """What to train on."""

    data: str = "mnist"
    """Data set; `apical data list` shows them."""
    classes: tuple[int, ...] = ()
    """Keep only these labels, renumbered in this order; empty: all."""

    def load(self) -> Dataset:
        dataset = load(self.data)
        return dataset.select(self.classes) if self.classes else dataset


@dataclass(frozen=True)
class RunOptions:
    """How often, and what is kept."""

    seeds: int = 1
    """How many networks to train, from seeds SEED, SEED + 1, ..."""
    seed: int = 0
    """The base seed."""
    out: Path | None = None
    """Folder of the run; None: keep nothing."""
    resume: bool = False
    """Go on with an unfinished run in OUT."""
    overwrite: bool = False
    """Replace the run in OUT."""
    checkpoint_seconds: float = 5.0
    """Save a checkpoint at most once in so many seconds."""
    tensorboard: bool = False
    """Write TensorBoard events to OUT/tensorboard too (needs apical[tensorboard])."""
