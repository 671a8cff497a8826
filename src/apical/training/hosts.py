"""What hosts that train together tell each other: each has a process that `jax.distributed` joined.

They run the same program, so that they must be asked for the same, and the first alone reads and
writes the run's folder. A process by itself is the first of one, and tells nobody.
"""

import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np

from apical.errors import ApicalError, UsageError
from apical.runs.provenance import source, versions
from apical.values.differences import differences

Told = TypeVar("Told")

SHORT = 2**30
"""A length is told in two numbers, of which the second is smaller: JAX has 32 bits for it."""


def first() -> bool:
    """Whether this is the first host's process."""
    return jax.process_index() == 0


def of_first(make: Callable[[], Told]) -> Told:
    """What `make` returns on the first host, on each; it is called there alone.

    Raises on each what it raises there, if that is an `ApicalError`.
    """
    if jax.process_count() == 1:
        return make()
    came: tuple[Any, ApicalError | None] = None, None
    if first():
        try:
            came = make(), None
        except ApicalError as error:
            came = None, error
    found, trouble = _broadcast(came)
    if trouble is not None:
        raise trouble
    return found


def agree(config: dict[str, Any]) -> None:
    """Raises `UsageError` on each host, if one of them was asked for another run than the first."""
    if jax.process_count() == 1:
        return
    from jax.experimental.multihost_utils import process_allgather

    ours = {**config, "versions": versions(), "source": source()}
    told = differences(there=of_first(lambda: ours), now=ours)
    apart = np.flatnonzero(process_allgather(np.int32(bool(told))))
    if len(apart):
        raise UsageError(
            f"hosts: host {apart[0]} was asked for another run than host 0"
            f"{f': {told}' if told else ''}; give each the same command, data and version of apical"
        )


def _broadcast(told: Any) -> Any:
    """What the first host tells. Pickled, as processes tell each other things in Python; it comes
    from the process that this one trains with."""
    from jax.experimental.multihost_utils import broadcast_one_to_all

    raw = np.frombuffer(pickle.dumps(told), np.uint8)
    whole, rest = broadcast_one_to_all(np.array(divmod(len(raw), SHORT), np.int32)).tolist()
    ours = raw if first() else np.zeros(whole * SHORT + rest, np.uint8)
    return pickle.loads(np.asarray(broadcast_one_to_all(ours)).tobytes())
