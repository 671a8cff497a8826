"""Settings of a run that learns without labels; what learns says the rest itself.

!!! example

    >>> Unsupervised(epochs=3, schedule="cosine").schedule
    Cosine()
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from apical.settings.loop import Loop
from apical.values.spelling import decode


@dataclass(frozen=True)
class Unsupervised(Loop):
    """Settings of the optimizer and the loop."""

    def __post_init__(self):
        self._read()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The settings that `to_json` wrote; what is newer than the file has its default.

        Raises `UsageError` for a value that is none of apical's, `TypeError` for a setting that
        there is not.
        """
        fields = decode(stored)
        if not isinstance(fields, dict):
            raise TypeError("settings")
        return cls(**fields)
