"""Durations, as in 90s, 8m or 1h30m."""

import re
from dataclasses import dataclass

from apical.errors import UsageError, short

UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


@dataclass(frozen=True)
class Duration:
    """A span of time, above zero.

    !!! example

        >>> Duration.parse("1h30m").seconds
        5400.0
        >>> str(Duration(90.0))
        '1m30s'
    """

    seconds: float

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """The duration that a text spells. Raises `UsageError` if it spells none."""
        number = r"(?:\d+\.?\d*|\.\d+)"
        found = re.fullmatch("".join(f"(?:({number}){unit})?" for unit in UNITS), text.strip())
        counts = found.groups("0") if found else ()
        seconds = sum(float(n) * unit for n, unit in zip(counts, UNITS.values(), strict=False))
        if not 0 < seconds < float("inf"):
            raise UsageError(
                f"must be numbers of hours, minutes and seconds above zero, as in 8m, 90s or "
                f"1h30m, got {short(text)}"
            )
        return cls(seconds)

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
        return "".join(f"{n}{unit}" for n, unit in parts if n) or "0s"
