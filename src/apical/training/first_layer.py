"""The first layer of a network as something else has learned it, in place of drawn weights."""

from abc import ABC, abstractmethod
from typing import Any

from apical.data import Dataset
from apical.networks.layers import Layer
from apical.settings import Settings


class FirstLayer(ABC):
    """Gives the weights and biases that the first layer begins with; all else is drawn as ever."""

    @abstractmethod
    def of(self, seed: int, data: Dataset, settings: Settings) -> Layer:
        """A layer with these weights and biases, for a seed's network.

        Raises `UsageError` if there is none for it, or none that fits the data and the settings.
        """

    @abstractmethod
    def told(self, seed: int, layer: Layer) -> dict[str, Any]:
        """Where the layer that `of` gave for a seed comes from, for config.json.

        `run` is the place, which may change; all else says which layer it is, and a run is gone on
        with only if that is the same.
        """
