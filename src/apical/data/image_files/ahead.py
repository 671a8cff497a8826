"""Reading ahead: what comes next is read by another thread while the last is worked with."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

Part = TypeVar("Part", covariant=True)
Read = TypeVar("Read")


class Parts(Protocol[Part]):
    """What has a length and an item at each number: a list, or the rows of an array."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: Any, /) -> Part: ...


BEFORE = 2
"""Parts that are read before they are asked for."""


def ahead(read: Callable[[Part], Read], parts: Parts[Part], threads: int = 1) -> Iterator[Read]:
    """`read` of each part in turn, by so many threads. Raises what `read` raises."""
    import grain

    source: Any = grain.MapDataset.source(parts)
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=BEFORE)
    yield from source.map(read).to_iter_dataset(options)
