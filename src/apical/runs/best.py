"""The epoch of best validation score, and what is kept of it."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from jaxtyping import PyTree

Row = dict[str, Any]


class Snapshot(NamedTuple):
    """What was learned, as it was after an epoch."""

    epoch: int
    parameters: PyTree


def in_order(row: Row) -> tuple[int, int]:
    """Sorts rows by seed, and each seed's by epoch."""
    return row["seed"], row["epoch"]


def best(rows: Iterable[Row], score: str) -> Row | None:
    """Of one seed's rows that with the highest value of a score, the first of equals.

    None if no row has one: without validation examples it is nan, or null once it was written.
    """
    judged = [r for r in rows if r[score] is not None and not math.isnan(r[score])]
    return max(judged, key=lambda r: (r[score], -r["epoch"]), default=None)
