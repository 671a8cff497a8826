"""Reading ahead: what comes next is read by other threads while the last is worked with."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

Part = TypeVar("Part", covariant=True)
Read = TypeVar("Read")


class Parts(Protocol[Part]):
    """What has a length and an item at each number: a list, or the rows of an array."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: Any, /) -> Part: ...


THREADS = 2
"""That read. Decoding an image, and resizing one, leave the interpreter to others."""


def ahead(read: Callable[[Part], Read], parts: Parts[Part]) -> Iterator[Read]:
    """`read` of each part in turn, of which so many as there are threads are read before they are
    asked for. Raises what `read` raises."""
    import grain

    source: Any = grain.MapDataset.source(parts)
    options = grain.ReadOptions(num_threads=THREADS, prefetch_buffer_size=THREADS)
    yield from source.map(read).to_iter_dataset(options)
