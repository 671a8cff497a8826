"""One wording for numbers that have to be above zero."""

import math

from apical.errors import UsageError


def positive(**given: float | None) -> None:
    """Raises `UsageError` for a number that is not above zero and finite; None is no number."""
    for name, value in given.items():
        if value is not None and not 0 < value < math.inf:
            raise UsageError(
                f"{name}: must be a positive finite number, got {value}; give one above 0"
            )


def at_least_one(**counts: int | None) -> None:
    """Raises `UsageError` for a count below one; None is no count."""
    for name, count in counts.items():
        if count is not None and not count >= 1:
            raise UsageError(f"{name}: must be 1 or more, got {count}; give a larger number")
