"""The stopwatch of both sides of a benchmark. Needs nothing, to run in both environments."""

import time
from collections.abc import Callable
from statistics import median


def timed(once: Callable[[], None], steps: int, repeats: int = 5) -> float:
    """Median seconds a step of `once`, which does so many, after running it unmeasured.

    Two times: Adam's averages of what is rarely active take as long to become denormal.
    """
    once()
    once()
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        once()
        seconds.append((time.perf_counter() - begin) / steps)
    return median(seconds)
