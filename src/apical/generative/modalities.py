"""Modalities: parts of the data that are read apart, each by latent units of its own."""

from abc import abstractmethod
from collections.abc import Sequence

from apical.errors import UsageError, at_least_one
from apical.values.value import Value


class Modality(Value):
    """Inputs that follow each other, and the latent units that read them alone."""

    name = "modality"
    number = "reads"

    @property
    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """How many inputs it has, and how many units of the first latent layer read them."""


class Reads(Modality):
    """So many inputs and so many units: `reads:INPUTS,UNITS`, or `INPUTS,UNITS`.

    !!! example

        >>> Reads(784, 1000).sizes
        (784, 1000)
    """

    inputs: int
    units: int

    def __check_init__(self):
        at_least_one(**{"inputs of reads": self.inputs, "units of reads": self.units})

    @property
    def sizes(self):
        return self.inputs, self.units


def check(modalities: Sequence[Modality], units: int) -> None:
    """Raises `UsageError` unless their units are those of the first latent layer."""
    own = [modality.sizes[1] for modality in modalities]
    if sum(own) != units:
        raise UsageError(
            f"modalities: have {_sum(own)} units, and the first latent layer has {units}; give "
            f"that layer {sum(own)}"
        )


def check_inputs(modalities: Sequence[Modality], inputs: int) -> None:
    """Raises `UsageError` unless they read every input."""
    read = [modality.sizes[0] for modality in modalities]
    if sum(read) != inputs:
        raise UsageError(
            f"modalities: read {_sum(read)} inputs, and the data have {inputs}; name data that "
            "have as many (such as mnist+labels), or other modalities"
        )


def _sum(numbers: Sequence[int]) -> str:
    """3 + 4 = 7."""
    added = " + ".join(map(str, numbers))
    return added if len(numbers) == 1 else f"{added} = {sum(numbers)}"
