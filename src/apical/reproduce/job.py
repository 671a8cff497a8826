"""What the pool carries out."""

from abc import ABC, abstractmethod
from typing import Any


class Job(ABC):
    """A piece of a paper's evidence that is made once and found again."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What progress and failures call it."""

    @abstractmethod
    def finished(self) -> bool:
        """Whether it was carried out in full."""

    @abstractmethod
    def execute(self) -> dict[str, Any]:
        """Carry it out; `status` is "finished" if it ended well."""
