"""A function that makes something, called once for several uses."""

import threading
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


def used_again(make: Callable[[], Made], times: int) -> Callable[[], Made]:
    """`make`, which is called anew after so many uses in a thread."""
    held = threading.local()

    def made() -> Made:
        uses = getattr(held, "uses", 0)
        if uses % times == 0:
            held.made = make()
        held.uses = uses + 1
        return held.made

    return made
