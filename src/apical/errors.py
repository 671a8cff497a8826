"""Errors for a user's mistakes, and one wording for those that many places meet.

The command line prints an error's text without a traceback.
"""

import difflib
from collections.abc import Iterable


class ApicalError(Exception):
    """Names the thing, the demand, what was found, and what to do next."""


class UsageError(ApicalError):
    """A wrong or impossible combination of options (exit code 2)."""


class DataError(ApicalError):
    """A data set that is missing, damaged or not what was asked for (exit code 1)."""


class WriteError(ApicalError):
    """A file that cannot be written, as on a full or read-only disk (exit code 1)."""


class DivergenceError(ApicalError):
    """Training met values that are not finite (exit code 1)."""


def short(found: object) -> str:
    """What was found, on one line of sixty characters at the most."""
    return f"{' '.join(repr(found).split()):.60}"


FEW = 8
"""So many names are listed in an error, even where one is near."""


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> str:
    """`optimizer: there is no 'adan'; did you mean 'adam'?` and all names, if they are few.

    `where`: what lists them, as in "`apical data list` lists all". Many names are told only if none
    is near and nothing lists them.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    told = [f"did you mean {close[0]!r}?"] if close else []
    if len(names) <= FEW or not (close or where):
        told.append(f"known: {', '.join(names)}")
    elif where:
        told.append(where)
    return f"{kind}: there is no {name!r}; {' '.join(told)}"


LARGEST = 3.4e38
"""Of the numbers that training computes with, float32; what is larger is infinite there."""


def positive(**given: float | None) -> None:
    """Raises `UsageError` for a number that is not above zero and finite; None is no number."""
    for name, value in given.items():
        if value is not None and not 0 < value <= LARGEST:
            raise UsageError(
                f"{name}: must be a positive finite number, got {value}; give one above 0 and up "
                f"to {LARGEST:g}"
            )


def a_list(**given: object) -> None:
    """Raises `UsageError` for what is no list, a text among them."""
    for name, found in given.items():
        if isinstance(found, str) or not isinstance(found, Iterable):
            raise UsageError(f"{name}: must be a list, got {short(found)}; put it in brackets")


def at_least_one(**counts: int | None) -> None:
    """Raises `UsageError` for a count below one; None is no count."""
    for name, count in counts.items():
        if count is not None and not count >= 1:
            raise UsageError(f"{name}: must be 1 or more, got {count}; give a larger number")


def fit_for_a_seed(**numbers: int) -> None:
    """Raises `UsageError` for a number that random numbers cannot be drawn from."""
    for name, number in numbers.items():
        if not 0 <= number < 2**31:
            raise UsageError(f"{name}: must be 0 or more and below 2^31, got {number}")
