"""What a rule claims about itself; every claim is a law that the tests hold it to."""

from dataclasses import dataclass
from enum import Enum


class Transport(Enum):
    """What of the downstream forward weights a teaching signal depends on."""

    NONE = "none"
    SIGNS = "signs"
    WEIGHTS = "weights"


@dataclass(frozen=True)
class Traits:
    """A rule's claims."""

    transport: Transport
    """What of the downstream forward weights its teaching signals read."""
    gradient: bool = False
    """Its pseudo-gradients are the loss's gradient."""
    supervised: bool = True
    """It is driven by the output error, so that zero error gives zero credit."""
    independent: bool = True
    """Its pseudo-gradient of a batch is the mean of those of its examples."""
    settles: bool = False
    """Its teaching signals come from activity of its own dynamics, not from one forward pass."""
