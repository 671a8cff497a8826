"""One wording for a number that has to be above zero."""

import math

from apical.errors import UsageError


def positive(**given: float | int | None) -> None:
    """Raises `UsageError` for a number that is not above zero and finite; None is no number."""
    for name, value in given.items():
        if value is not None and not 0 < value < math.inf:
            raise UsageError(
                f"{name}: must be a positive finite number, got {value}; give one above 0"
            )
