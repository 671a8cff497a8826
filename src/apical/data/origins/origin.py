"""What every origin offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Copy:
    """Bytes that are on this machine: `read` verifies them, `DataError` if they are damaged."""

    where: str
    read: Callable[[], Mapping[str, bytes]]


class Origin(ABC):
    """Gives the raw contents of the data set `name`."""

    @abstractmethod
    def read(self, name: str) -> Mapping[str, bytes]:
        """Verified raw bytes by content name, fetched if need be; `DataError` if impossible."""

    @abstractmethod
    def copies(self, name: str) -> list[Copy]:
        """Every copy on this machine, found without reading or downloading anything."""

    @abstractmethod
    def is_here(self, name: str) -> bool:
        """Whether `read` needs no download."""

    @abstractmethod
    def status(self, name: str) -> str:
        """Where `read` would take the data from, in a few words."""
