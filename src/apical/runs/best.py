"""The epoch of best validation score, and a network kept from it."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from apical.networks.network import Network
from apical.networks.targets import Target

Row = dict[str, Any]


class Snapshot(NamedTuple):
    """A network as it was after an epoch."""

    epoch: int
    net: Network


def best(rows: Iterable[Row], target: Target) -> Row | None:
    """Of one seed's rows that with the highest validation score, the first of equals.

    None if no row has one: without validation examples it is nan, or null once it was written.
    """
    score = target.metric("val")
    judged = [r for r in rows if r[score] is not None and not math.isnan(r[score])]
    return max(judged, key=lambda r: (r[score], -r["epoch"]), default=None)
